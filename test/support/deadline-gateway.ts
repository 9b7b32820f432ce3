/** A gateway whose callers may tell how long they wait. */
import { startTestGateway, type TestGateway } from './gateway.ts';

export const HEADER = 'x-time-left';

/** Fields of the upstream, and what is named here. */
export interface DeadlineFields {
  readonly tells?: boolean;
  readonly asks?: boolean;
  /** Of the server, by name. */
  readonly limits?: Readonly<Record<string, object>>;
  readonly workers?: number;
  readonly [field: string]: unknown;
}

/** Before one upstream, which is called `deep`. */
export const startDeadlineGateway = (
  url: string,
  { tells = true, asks = true, limits = {}, workers = 1, ...fields }: DeadlineFields = {},
): Promise<TestGateway> => {
  const upstream = { type: 'http', endpoints: [url], ...(tells && { headers: { deadline: HEADER } }) };
  return startTestGateway(
    JSON.stringify({
      version: 1,
      workers,
      listeners: {
        main: { bind: '127.0.0.1:0' },
        ops: { bind: '127.0.0.1:0', serve: ['metrics', 'status'] },
      },
      servers: {
        main: {
          at: [{ listener: 'main', path: '/mcp' }],
          protocol: { websocket: true, legacySse: true },
          limits: Object.keys(limits),
          anonymous: true,
          expose: [{ upstream: 'deep' }],
          ...(asks && { headers: { deadline: HEADER.toUpperCase() } }),
        },
      },
      limits,
      upstreams: { deep: { ...upstream, ...fields } },
    }),
    { tap: false },
  );
};
