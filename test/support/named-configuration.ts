/** Configurations that serve and are told from others by their name; nobody is behind their upstream. */

const namedWith = (name: string, bind: string, credentials: string): string => `version: 1
name: ${name}
listeners:
  local: { bind: "${bind}" }
  ops: { bind: "127.0.0.1:0", serve: [health, metrics, status, reload] }
servers:
  tools:
    at: [{ listener: local, path: /mcp }]
    anonymous: true
    expose: [{ upstream: files }]
upstreams:
  files: { type: http, endpoints: ["http://127.0.0.1:9/mcp"]${credentials} }
`;

export const namedConfiguration = (name: string, bind = '127.0.0.1:0'): string => namedWith(name, bind, '');

/** One that hides its secret in the file `token` beside it. */
export const secretConfiguration = (name: string): string =>
  namedWith(name, '127.0.0.1:0', ', credentials: { type: bearer, token: "${file:./token}" }');
