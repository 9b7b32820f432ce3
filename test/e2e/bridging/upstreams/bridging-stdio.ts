/** The bridging fixture over its own pipes, in the era that its argument names. */
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { createConnectionServer } from '../../../support/everything/mcp-server.ts';
import { createWorld } from '../../../support/everything/world.ts';
import { bridgingTools } from '../bridging-tools.ts';

const world = createWorld(bridgingTools());
if (process.argv[2] === 'modern')
  serveStdio(() => createConnectionServer(world, 'modern'), { legacy: 'reject' });
else await createConnectionServer(world).connect(new StdioServerTransport());
