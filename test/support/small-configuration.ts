/** The least that can be served: one listener, one server, one upstream. Tests know its lines. */
export const SMALL_CONFIGURATION = `version: 1
listeners:
  main: { bind: 127.0.0.1:8080 }
servers:
  tools:
    at: [{ listener: main }]
    anonymous: true
    expose: [{ upstream: files }]
upstreams:
  files: { type: stdio, command: [mcp-server-filesystem, /data] }
`;
