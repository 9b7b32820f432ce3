/** The legacy server over its own pipes. A call of `wait` is released by its cancellation only. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { buildLegacyServer } from './legacy-server.ts';

const { promise, resolve } = Promise.withResolvers<void>();
await buildLegacyServer({ onCancelled: resolve, released: () => promise }).connect(
  new StdioServerTransport(),
);
