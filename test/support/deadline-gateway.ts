/** A gateway whose callers may tell how long they wait. */
import { configuration } from './configuration.ts';
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
  const server = {
    protocol: { websocket: true, legacySse: true },
    limits: Object.keys(limits),
    ...(asks && { headers: { deadline: HEADER.toUpperCase() } }),
  };
  const upstream = { ...(tells && { headers: { deadline: HEADER } }), ...fields };
  return startTestGateway(configuration({ deep: url }, { workers, limits, server, upstream }), {
    tap: false,
  });
};
