/** A configuration that is told from others by its name, and hides its secret in the file `token` beside it. */
export const namedConfiguration = (name: string): string => `version: 1
name: ${name}
listeners:
  local: { bind: "127.0.0.1:0" }
  ops: { bind: "127.0.0.1:0", serve: [health, metrics, status, reload] }
servers:
  tools:
    at: [{ listener: local, path: /mcp }]
    anonymous: true
    expose: [{ upstream: files }]
upstreams:
  files: { type: http, endpoints: ["http://127.0.0.1:9/mcp"], credentials: { type: bearer, token: "\${file:./token}" } }
`;
