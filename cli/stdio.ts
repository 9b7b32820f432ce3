/** `gatewright stdio`: serves one server to the client that started the process. */
import { GatewayError } from '../runtime/errors.ts';
import { type Gateway, startGateway } from '../runtime/main.ts';
import type { Trust } from '../runtime/reload/compile.ts';
import { NotStarted } from '../runtime/reload/not-started.ts';
import { parseArguments } from './arguments.ts';
import { trustOf } from './given-trust.ts';
import type { Command, CommandIo } from './io.ts';
import { KeyFileError } from './key-file.ts';
import { usageLine } from './manual/manual.ts';
import { STDIO } from './manual/stdio.ts';
import { type Project, projectOf } from './project-options.ts';
import { listenToSignals } from './signals.ts';
import { tellFindings, tellRefusal } from './tell-reload.ts';
import { packageVersion } from './version.ts';

/** Holds the credential of a server with identities: arguments can be seen by everybody on the machine. */
const TOKEN_VARIABLE = 'GATEWRIGHT_TOKEN';

interface Options {
  readonly server: string;
  readonly project: Project;
  readonly logTo: string | undefined;
  readonly trust: Trust | undefined;
}

const parseOptions = (args: readonly string[], io: CommandIo): Options | string => {
  const parsed = parseArguments(args, STDIO, 2);
  if (typeof parsed === 'string') return parsed;
  const [server, ...files] = parsed.positionals;
  if (server === undefined) return 'name a server';
  const project = projectOf(files, parsed.values);
  if (typeof project === 'string') return project;
  const trust = trustOf(parsed.values, io);
  return typeof trust === 'string' ? trust : { server, project, logTo: parsed.values.log, trust };
};

/** The options, or undefined once it was told why there are none. */
const readOptions = (args: readonly string[], io: CommandIo): Options | undefined => {
  try {
    const options = parseOptions(args, io);
    if (typeof options !== 'string') return options;
    io.err(`error: ${options}\n${usageLine('stdio', STDIO)}\n`);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    io.err(`error: ${error.message}\n`);
  }
  return undefined;
};

/** Why the client of this process is not served; undefined: it left in order. */
const serve = async (gateway: Gateway, token: string | undefined): Promise<GatewayError | undefined> => {
  try {
    await gateway.serveStdio({ input: process.stdin, output: process.stdout, token });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown;
    throw thrown;
  }
};

const start = async (
  { server, project, logTo, trust }: Options,
  io: CommandIo,
): Promise<Gateway | undefined> => {
  try {
    return await startGateway({
      file: project.main,
      overlays: project.overlays,
      trust,
      env: io.env,
      version: packageVersion(),
      stdio: server,
      ...(logTo === undefined ? {} : { logTo }),
    });
  } catch (thrown) {
    if (!(thrown instanceof NotStarted)) throw thrown;
    await tellRefusal(project.main, thrown.result, io);
    return undefined;
  }
};

/**
 * Serves the server on standard input and output, which carry nothing but MCP, until the client closes its end or a
 * signal comes. Exit code 0 after an orderly end, 1 if there is nothing to serve or the credential is refused.
 */
export const stdio: Command = async (args, io) => {
  const options = readOptions(args, io);
  if (options === undefined) return 2;
  const gateway = await start(options, io);
  if (gateway === undefined) return 1;
  const stopped = Promise.withResolvers<undefined>();
  const unlisten = listenToSignals({
    stop: () => stopped.resolve(undefined),
    force: () => process.exit(1),
    reload: () => void gateway.reload('signal'),
  });
  if (gateway.lastReload !== undefined) await tellFindings(options.project.main, gateway.lastReload, io);
  const refused = await Promise.race([serve(gateway, io.env[TOKEN_VARIABLE]), stopped.promise]);
  await gateway.close();
  unlisten();
  if (refused === undefined) return 0;
  io.err(`error: ${refused.message}\n`);
  io.err(`       put an API key or access token for \`${options.server}\` into ${TOKEN_VARIABLE}\n`);
  return 1;
};
