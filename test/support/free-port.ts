/** A port that nobody listens on, for configurations that must name one, and for who comes back where it was. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Systems choose from those above, for whoever asks for any: what is found here stays free until it is bound. */
const [FIRST, BEHIND_LAST] = [20_000, 32_000];
/** Two files of tests run at a time: each finds its own, so that what one of them has left nobody takes. */
const SHARES = 2;
const SHARE = Number(process.env.VITEST_POOL_ID ?? 0) % SHARES;

const given = new Set<number>();

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Another one each time. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = SHARES * randomInt(FIRST / SHARES, BEHIND_LAST / SHARES) + SHARE;
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
};
