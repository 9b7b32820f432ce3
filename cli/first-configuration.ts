/** What `gatewright init` writes: the smallest configuration that serves something and opens nothing. */

export const FIRST_CONFIGURATION = `# yaml-language-server: $schema=./gateway.schema.json
#
# The line above brings completion to editors: \`gatewright schema print > gateway.schema.json\`.
# In the order in which a call meets it: a listener takes it in, a server is what the caller sees, an upstream is
# where it goes. \`gatewright check\` judges this file, \`gatewright run\` serves it, and a change is served at once.

version: 1

# Where calls come in. 127.0.0.1 is this machine and nobody else.
listeners:
  local:
    bind: 127.0.0.1:8080

# What callers see: one MCP server, at http://127.0.0.1:8080/mcp.
servers:
  files:
    at: [{ listener: local, path: /mcp }]
    anonymous: true                       # anybody on this machine; for others, \`identity: [...]\`
    expose:
      - upstream: files
        tools: { allow: ["read_*", "list_*", "search_*", get_file_info] }   # no tool that writes

# Where calls go: an MCP server as a child process, which sees this folder and no variable of yours.
upstreams:
  files:
    type: stdio
    command: [npx, -y, "@modelcontextprotocol/server-filesystem@2026.8.31", .]
    timeouts: { connect: 60s }            # the first start downloads it
`;
