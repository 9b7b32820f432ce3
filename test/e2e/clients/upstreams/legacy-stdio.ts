/** The legacy server over its own pipes. A call of `wait` is released by its cancellation only. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { buildLegacyServer } from './legacy-server.ts';

let cancelled = Promise.withResolvers<void>();
const waiting = {
  onCancelled: () => {
    cancelled.resolve();
    cancelled = Promise.withResolvers();
  },
  released: () => cancelled.promise,
};
await buildLegacyServer(waiting).connect(new StdioServerTransport());
