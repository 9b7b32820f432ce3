/** `gatewright run`: serves a configuration until a signal ends it. */
import { type GatewayOptions, startGateway } from '../runtime/main.ts';
import { NotStarted } from '../runtime/reload/not-started.ts';
import type { ReloadResult } from '../runtime/reload/reload-result.ts';
import { parseArguments } from './arguments.ts';
import { banner } from './banner.ts';
import type { Command, CommandIo } from './io.ts';
import { KeyFileError } from './key-file.ts';
import { usageLine } from './manual/manual.ts';
import { RUN } from './manual/run.ts';
import { projectOf } from './project-options.ts';
import { listenToSignals } from './signals.ts';
import { stateOf } from './state-options.ts';
import { tellFindings, tellRefusal } from './tell-reload.ts';
import { trustOf } from './trust-options.ts';
import { packageVersion } from './version.ts';

type Options = Pick<GatewayOptions, 'file' | 'overlays' | 'trust' | 'state'>;

const parseOptions = (args: readonly string[], io: CommandIo): Options | string => {
  const parsed = parseArguments(args, RUN, 1);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const project = projectOf(positionals, values);
  if (typeof project === 'string') return project;
  const state = stateOf(values);
  if (typeof state === 'string') return state;
  const trust = trustOf(values, io);
  if (typeof trust === 'string') return trust;
  return { file: project.main, overlays: project.overlays, trust, state };
};

/** The options, or undefined once it was told why there are none. */
const readOptions = (args: readonly string[], io: CommandIo): Options | undefined => {
  try {
    const options = parseOptions(args, io);
    if (typeof options !== 'string') return options;
    io.err(`error: ${options}\n${usageLine('run', RUN)}\n`);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    io.err(`error: ${error.message}\n`);
  }
  return undefined;
};

/** What was loaded at the start, and what is wrong with it. */
const tellStart = async (file: string, result: ReloadResult, io: CommandIo): Promise<void> => {
  await tellFindings(file, result, io);
  if (result.isFallback)
    io.err(`error: ${file} cannot be compiled: the last good artifact ${result.artifactHash} serves\n`);
};

/** Serves the file until SIGTERM or SIGINT. Exit code 0 after an orderly end, 1 if there is nothing to serve. */
export const run: Command = async (args, io) => {
  const options = readOptions(args, io);
  if (options === undefined) return 2;
  const { file } = options;
  const stopped = Promise.withResolvers<void>();
  try {
    const gateway = await startGateway({ ...options, env: io.env, version: packageVersion() });
    const unlisten = listenToSignals({
      stop: () => stopped.resolve(gateway.close()),
      force: () => process.exit(1),
      reload: () => void gateway.reload('signal'),
    });
    if (gateway.lastReload !== undefined) await tellStart(file, gateway.lastReload, io);
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
