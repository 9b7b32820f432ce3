/** `gatewright run`: serves a configuration until a signal ends it. */
import { startGateway } from '../runtime/main.ts';
import { NotStarted } from '../runtime/reload/not-started.ts';
import { parseArguments } from './arguments.ts';
import { banner } from './banner.ts';
import type { Command } from './io.ts';
import { usageLine } from './manual/manual.ts';
import { RUN } from './manual/run.ts';
import { type Project, projectOf } from './project-options.ts';
import { listenToSignals } from './signals.ts';
import { tellFindings, tellRefusal } from './tell-reload.ts';
import { packageVersion } from './version.ts';

const projectIn = (args: readonly string[]): Project | string => {
  const parsed = parseArguments(args, RUN, 1);
  return typeof parsed === 'string' ? parsed : projectOf(parsed.positionals, parsed.values);
};

/** Serves the file until SIGTERM or SIGINT. Exit code 0 after an orderly end, 1 if there is nothing to serve. */
export const run: Command = async (args, io) => {
  const project = projectIn(args);
  if (typeof project === 'string') {
    io.err(`error: ${project}\n${usageLine('run', RUN)}\n`);
    return 2;
  }
  const { main: file, overlays } = project;
  const stopped = Promise.withResolvers<void>();
  try {
    const gateway = await startGateway({ file, overlays, env: io.env, version: packageVersion() });
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
