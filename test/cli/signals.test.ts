import { describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { listeningSockets } from '../support/own-sockets.ts';
import { StartedGateway } from '../support/started-gateway.ts';

// It loads the program anew.
vi.setConfig({ testTimeout: 60_000 });

const start = (): Promise<StartedGateway> =>
  StartedGateway.start(configuration({ tools: 'http://127.0.0.1:1/mcp' }));

describe('signals to a gateway', () => {
  it('has SIGHUP load the configuration, and SIGTERM end it in order', async () => {
    await using gateway = await start();
    process.kill(gateway.pid, 'SIGHUP');
    await gateway.cli.seen(/"configuration unchanged"/);
    process.kill(gateway.pid, 'SIGTERM');
    expect(await gateway.cli.exited()).toBe(0);
  });

  it('opens no debugger at SIGUSR1, which others take for a wish to open their logs anew', async () => {
    await using gateway = await start();
    const before = listeningSockets(gateway.pid);
    process.kill(gateway.pid, 'SIGUSR1');
    process.kill(gateway.pid, 'SIGHUP');
    await gateway.cli.seen(/"configuration unchanged"/);
    expect(listeningSockets(gateway.pid)).toBe(before);
    process.kill(gateway.pid, 'SIGTERM');
    expect(await gateway.cli.exited()).toBe(0);
    expect(gateway.cli.err).not.toContain('Debugger');
  });
});
