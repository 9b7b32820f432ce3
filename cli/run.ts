/** `gatewright run`: serves a configuration until a signal ends it. */
import { parseArgs } from 'node:util';
import { startGateway } from '../runtime/main.ts';
import { NotStarted } from '../runtime/reload/not-started.ts';
import { banner } from './banner.ts';
import type { Command } from './io.ts';
import { listenToSignals } from './signals.ts';
import { tellFindings, tellRefusal } from './tell-reload.ts';
import { packageVersion } from './version.ts';

const DEFAULT_FILE = 'gateway.yaml';

const fileOf = (args: readonly string[]): string | undefined => {
  try {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    return positionals.length > 1 ? undefined : (positionals[0] ?? DEFAULT_FILE);
  } catch {
    return undefined;
  }
};

/** Serves the file until SIGTERM or SIGINT. Exit code 0 after an orderly end, 1 if there is nothing to serve. */
export const run: Command = async (args, io) => {
  const file = fileOf(args);
  if (file === undefined) {
    io.err('usage: gatewright run [gateway.yaml]\n');
    return 2;
  }
  const stopped = Promise.withResolvers<void>();
  try {
    const gateway = await startGateway({ file, env: io.env, version: packageVersion() });
    const unlisten = listenToSignals({
      stop: () => stopped.resolve(gateway.close()),
      force: () => process.exit(1),
      reload: () => void gateway.reload('signal'),
    });
    if (gateway.lastReload !== undefined) await tellFindings(file, gateway.lastReload, io);
    io.out(banner({ file, endpoints: gateway.endpoints, opsUrl: gateway.opsUrl }));
    await stopped.promise;
    unlisten();
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof NotStarted)) throw thrown;
    await tellRefusal(file, thrown.result, io);
    return 1;
  }
};
