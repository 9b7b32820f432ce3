import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createConnectionServer } from './mcp-server.ts';
import { startEverything } from './server.ts';
import { createWorld } from './world.ts';

/** `node main.ts` serves HTTP on $PORT (0: any) and prints the URL; `node main.ts --stdio` serves its own pipes. */
if (process.argv.includes('--stdio')) {
  const world = createWorld();
  serveStdio(({ era }) => createConnectionServer(world, era));
} else {
  const everything = await startEverything({ port: Number(process.env.PORT ?? 0) });
  console.log(everything.url);
  const stop = () => void everything.close().then(() => process.exit(0));
  process.once('SIGINT', stop).once('SIGTERM', stop);
}
