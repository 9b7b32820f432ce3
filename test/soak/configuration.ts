/** The configuration under test, and how reloads vary it. */
import { fileURLToPath } from 'node:url';

export interface Surroundings {
  readonly port: number;
  readonly opsPort: number;
  readonly steadyUrl: string;
  readonly shakyUrl: string;
  readonly askingUrl: string;
  readonly storePort: number | undefined;
  /** A port that somebody listens on. */
  readonly takenPort: number;
}

const STDIO_SERVER = fileURLToPath(new URL('../support/stdio-tool-server.ts', import.meta.url));
export const WORKERS = 2;
const TIMEOUTS = { connect: '1s', call: '3s', callMax: '6s', list: '2s', idle: '3s' };

const server = (path: string, upstream: string, over: object = {}): object => ({
  at: [{ listener: 'main', path }],
  anonymous: true,
  expose: [{ upstream }],
  ...over,
});

/** Only what concerns the shaky upstream and its server differs from variant to variant. */
const configuration = (around: Surroundings, variant: number): object => ({
  version: 1,
  workers: WORKERS,
  ...(around.storePort === undefined
    ? {}
    : {
        state: {
          type: 'valkey',
          url: `redis://127.0.0.1:${around.storePort}`,
          timeout: '250ms',
          onUnavailable: 'local',
        },
      }),
  listeners: {
    main: { bind: `127.0.0.1:${around.port}` },
    ops: { bind: `127.0.0.1:${around.opsPort}`, serve: ['health', 'metrics', 'status', 'reload'] },
  },
  upstreams: {
    steady: { type: 'http', endpoints: [around.steadyUrl], timeouts: TIMEOUTS },
    shaky: {
      type: 'http',
      endpoints: [around.shakyUrl],
      timeouts: { ...TIMEOUTS, call: `${2_000 + (variant % 3) * 500}ms` },
      retry: { maxAttempts: 2, when: ['connect-error'] },
      breaker: { consecutive: 5, openFor: '1s' },
    },
    asking: { type: 'http', endpoints: [around.askingUrl], timeouts: TIMEOUTS },
    child: { type: 'stdio', command: [process.execPath, STDIO_SERVER, 'echo'], timeouts: TIMEOUTS },
  },
  servers: {
    steady: server('/steady', 'steady'),
    limited: server('/limited', 'steady', { limits: ['few'] }),
    judged: server('/judged', 'steady', { policies: ['only-known'] }),
    shaky: server('/shaky', 'shaky', variant % 2 === 0 ? {} : { policies: ['only-known'] }),
    asking: server('/asking', 'asking'),
    child: server('/child', 'child'),
  },
  policies: { 'only-known': { type: 'cel', allow: 'tool.name in ["echo", "stream", "slow"]' } },
  limits: { few: { type: 'rate', rate: '10/s', burst: 20, key: ['client.address'] } },
  sessions: { idle: '20s', parked: { idle: '10s' } },
  reload: { drain: { window: '1s', deadline: '5s' } },
  shutdown: { window: '2s', deadline: '10s' },
});

/** gateway.yaml, as JSON: a variant that serves, text that is no configuration, or one whose port is taken. */
export const configurationText = (
  around: Surroundings,
  variant: number | 'broken' | 'impossible',
): string => {
  if (variant === 'broken') return '{ "version": 1, "servers": { "steady": { "at": [';
  const base = configuration(around, variant === 'impossible' ? 0 : variant) as {
    readonly listeners: object;
  };
  if (variant !== 'impossible') return JSON.stringify(base);
  const taken = { bind: `127.0.0.1:${around.takenPort}`, serve: ['health'] };
  return JSON.stringify({ ...base, listeners: { ...base.listeners, taken } });
};
