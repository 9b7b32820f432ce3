/** `gatewright run`: serves a configuration until a signal ends it. */
import type { GatewayOptions } from '../runtime/gateway-options.ts';
import { Gateway } from '../runtime/main.ts';
import { NotStarted } from '../runtime/reload/not-started.ts';
import type { ReloadResult } from '../runtime/reload/reload-result.ts';
import { spareMemoryWhenIdle } from '../runtime/spare-memory.ts';
import { parseArguments } from './arguments.ts';
import { banner } from './banner.ts';
import { elsewhereOf } from './given-elsewhere.ts';
import { trustOf } from './given-trust.ts';
import type { Command, CommandIo } from './io.ts';
import { KeyFileError } from './key-file.ts';
import { usageLine } from './manual/manual.ts';
import { RUN } from './manual/run.ts';
import { projectOf } from './project-options.ts';
import { listenToSignals } from './signals.ts';
import { stateOf } from './state-options.ts';
import { tellFindings, tellRefusal } from './tell-reload.ts';
import { packageVersion } from './version.ts';

/** Whoever forces the end does not wait for a reader of the log that is behind. */
const FORCED_LOG_MS = 100;

type Options = Pick<GatewayOptions, 'file' | 'elsewhere' | 'overlays' | 'trust' | 'state'>;

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
  const elsewhere = elsewhereOf(project, values, trust, io.cwd);
  if (typeof elsewhere === 'string') return elsewhere;
  return { file: project.main, elsewhere, overlays: project.overlays, trust, state };
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
  if (!result.isFallback) return;
  if (result.error !== undefined) io.err(`error: ${(result.error as Error).message}\n`);
  io.err(
    `error: ${file} cannot be ${result.error === undefined ? 'compiled' : 'had'}: the last good artifact ${result.artifactHash} serves\n`,
  );
};

/** Serves the file until SIGTERM or SIGINT. Exit code 0 after an orderly end, 1 if there is nothing to serve. */
export const run: Command = async (args, io) => {
  const options = readOptions(args, io);
  if (options === undefined) return 2;
  const { file, elsewhere } = options;
  const stopped = Promise.withResolvers<void>();
  const gateway = new Gateway({ ...options, env: io.env, version: packageVersion() });
  let isStopping = false;
  const unlisten = listenToSignals({
    stop: () => {
      isStopping = true;
      stopped.resolve(gateway.close());
    },
    force: () => {
      gateway.flushLog(FORCED_LOG_MS);
      process.exit(1);
    },
    reload: () => void gateway.reload('signal'),
  });
  try {
    await gateway.start();
    if (gateway.lastReload !== undefined) await tellStart(file, gateway.lastReload, io);
    io.out(
      banner({
        file,
        endpoints: gateway.endpoints,
        opsUrl: gateway.opsUrl,
        isPolled: elsewhere !== undefined,
      }),
    );
    spareMemoryWhenIdle();
    await stopped.promise;
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof NotStarted)) throw thrown;
    // Ended before it served anything: as was wished.
    if (isStopping) {
      await stopped.promise;
      return 0;
    }
    await tellRefusal(file, thrown.result, io);
    return 1;
  } finally {
    unlisten();
  }
};
