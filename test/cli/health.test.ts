import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { health } from '../../cli/health.ts';
import { freePort } from '../support/free-port.ts';
import { runCommand } from '../support/run-command.ts';

let status = 200;
let isSilent = false;
const server = createServer((request, response) => {
  if (isSilent) return;
  response.statusCode = request.url === '/-/ready' ? status : 404;
  response.end('{"ready":true}');
});
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const run = (...args: string[]) => runCommand(health, args, '.');

describe('gatewright health', () => {
  it('is 0 for a gateway that is ready', async () => {
    status = 200;
    expect(await run(url)).toEqual({ code: 0, out: 'ready\n', err: '' });
  });

  it('is 1 for one that is not, and says what it answered', async () => {
    status = 503;
    expect(await run(url)).toEqual({ code: 1, out: '', err: 'error: not ready: 503 {"ready":true}\n' });
  });

  it('is 1 where nobody answers, at once or in time', async () => {
    expect((await run(`http://127.0.0.1:${await freePort()}`)).code).toBe(1);
    isSilent = true;
    const { code, err } = await run(url, '--timeout', '50ms');
    isSilent = false;
    expect(code).toBe(1);
    expect(err).toContain('no answer');
  });

  it('is 2 for what is no address and no duration', async () => {
    expect((await run('localhost:9090')).code).toBe(2);
    expect((await run(url, '--timeout', '5')).code).toBe(2);
  });
});
