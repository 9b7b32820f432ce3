/** A port that nobody listens on, for configurations that must name one. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** The system does not hand the port out again soon, so it is still free when it is bound. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
