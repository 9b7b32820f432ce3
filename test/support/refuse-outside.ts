/** Preloaded into a process that must be pure: whatever asks for the time, randomness or the network throws. */
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';

const refuse = (what: string) => () => {
  throw new Error(`a pure command asked for ${what}`);
};

/** `Date` for given instants only. */
class GivenDate extends Date {
  constructor(...given: readonly (string | number)[]) {
    if (given.length === 0) refuse('the time')();
    super(...(given as [number]));
  }
}
GivenDate.now = refuse('the time');
globalThis.Date = GivenDate as unknown as DateConstructor;
performance.now = refuse('the time');
process.hrtime = Object.assign(refuse('the time'), { bigint: refuse('the time') }) as never;
Math.random = refuse('randomness');
globalThis.fetch = refuse('the network');

for (const [module, names] of [
  [net, ['connect', 'createConnection', 'createServer']],
  [tls, ['connect', 'createServer']],
  [http, ['request', 'get', 'createServer']],
  [https, ['request', 'get', 'createServer']],
  [dns, ['lookup', 'resolve', 'resolve4', 'resolve6']],
] as const)
  for (const name of names) (module as unknown as Record<string, unknown>)[name] = refuse('the network');
net.Socket.prototype.connect = refuse('the network') as never;
syncBuiltinESMExports();
