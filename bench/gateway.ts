/** Starts the gateway as its users do, in a process of its own. */
import { mkdir, mkdtemp, open, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callBody, callHeaders, ENDPOINT_PATH, isRightAnswer, type ReplyKind } from './call.ts';
import { type Ports, type Profile, writeConfiguration } from './gateway-configuration.ts';
import { packageFile } from './gateway-program.ts';
import { type CoreList, type PinnedProcess, startPinned } from './pinned-process.ts';
import { freePort, isListening, NODE_FLAGS } from './target.ts';

const START_DEADLINE_MS = 30_000;
const POLL_MS = 2;

export interface GatewayOptions {
  readonly core: CoreList;
  /** Its files lie in a new folder in here. */
  readonly folder: string;
  readonly profile: Profile;
  readonly upstreamPort: number;
  readonly storePort?: number | undefined;
  /** Of the upstream that fails, for `faulty`. */
  readonly faultyPort?: number | undefined;
  /** Relative to the package. */
  readonly program: string;
  readonly nodeFlags?: readonly string[];
  /** Beside what it inherits. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Gateway extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly opsPort: number;
  /** Its gateway.yaml, and the ports that are told there. */
  readonly file: string;
  readonly ports: Ports;
  /** Of the first caller. */
  readonly token: string | undefined;
  /** Of all callers. */
  readonly tokens: readonly string[];
  /** From the start of the process to the first right answer to a `tools/call`. */
  readonly firstAnswerMs: number;
  /** What it has written to standard error. */
  log(): Promise<string>;
}

/** What one `tools/call` over a connection of its own was answered. */
export const callOnce = (
  port: number,
  token: string | undefined,
  kind: ReplyKind = 'small',
): Promise<{
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        path: ENDPOINT_PATH,
        method: 'POST',
        agent: false,
        headers: callHeaders('modern', { token }, kind),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(callBody('modern', 1, kind));
  });

const untilFirstAnswer = async (
  gateway: PinnedProcess,
  port: number,
  token: string | undefined,
  kind: ReplyKind,
): Promise<void> => {
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  let last = 'nothing listens';
  while (performance.now() < deadlineMs) {
    if (gateway.child.exitCode !== null) throw new Error(`it ended with code ${gateway.child.exitCode}`);
    if (await isListening(port)) {
      const answer = await callOnce(port, token, kind).catch((error: Error) => error);
      if (answer instanceof Error) last = answer.message;
      else if (answer.status === 200 && isRightAnswer(answer.body, 1)) return;
      else last = `${answer.status} ${answer.body}`;
    }
    await delay(POLL_MS);
  }
  throw new Error(`no right answer within ${START_DEADLINE_MS} ms; last: ${last}`);
};

/** Starts the gateway and waits for its first right answer. Rejects with what it wrote if there is none. */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const folder = await mkdtemp(join(options.folder, `${options.profile}-`));
  const [port, opsPort] = [await freePort(), await freePort()];
  const { upstreamPort: upstream, storePort: store, faultyPort: faulty } = options;
  const ports = { main: port, ops: opsPort, upstream, store, faulty };
  const [configurationFolder, logFolder] = [join(folder, 'configuration'), join(folder, 'log')];
  await Promise.all([mkdir(configurationFolder), mkdir(logFolder)]);
  const tokens = await writeConfiguration(configurationFolder, options.profile, ports);
  const [token] = tokens;
  // Not beside the configuration, whose folder is watched.
  const logFile = join(logFolder, 'stderr.log');
  const log = await open(logFile, 'w');
  const nodeFlags = [...NODE_FLAGS, ...(options.nodeFlags ?? [])];
  const program = packageFile(options.program);
  const startMs = performance.now();
  const environment = Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`);
  const gateway = startPinned(
    options.core,
    [
      'env',
      ...environment,
      process.execPath,
      ...nodeFlags,
      program,
      'run',
      join(configurationFolder, 'gateway.yaml'),
    ],
    ['ignore', 'ignore', log.fd],
  );
  await log.close();
  try {
    await untilFirstAnswer(gateway, port, token, options.profile === 'secure-events' ? 'events' : 'small');
  } catch (error) {
    await gateway[Symbol.asyncDispose]();
    const written = await readFile(logFile, 'utf8');
    throw new Error(
      `the gateway (${options.profile}) cannot be measured: ${(error as Error).message}\n${written}`,
    );
  }
  return {
    pid: gateway.pid,
    port,
    opsPort,
    file: join(configurationFolder, 'gateway.yaml'),
    ports,
    token,
    tokens,
    firstAnswerMs: performance.now() - startMs,
    log: () => readFile(logFile, 'utf8'),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
};

/** Fails unless `secure` does what its name says: refuses without token, tells the rate, writes access lines. */
export const assertSecure = async (gateway: Gateway): Promise<void> => {
  const refused = await callOnce(gateway.port, undefined);
  if (refused.status !== 401)
    throw new Error(`without a token \`secure\` answers ${refused.status}, not 401`);
  const { headers } = await callOnce(gateway.port, gateway.token);
  if (headers.ratelimit === undefined) throw new Error('`secure` sends no RateLimit header');
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while (!(await gateway.log()).includes('tools/call')) {
    if (performance.now() > deadlineMs) throw new Error('`secure` writes no access line');
    await delay(50);
  }
};

/** Fails unless the gateway counts its calls on the operations listener. */
export const assertMetrics = async (gateway: Gateway): Promise<void> => {
  const response = await fetch(`http://127.0.0.1:${gateway.opsPort}/metrics`);
  const text = await response.text();
  if (!response.ok || !/^gatewright_\w+/m.test(text)) throw new Error('the gateway serves no metrics');
};
