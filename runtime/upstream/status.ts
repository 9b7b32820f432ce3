/** What HTTP statuses tell of an upstream, whatever it speaks. */
import type { RetryCondition } from '../../schema/graph/upstream.ts';

const CONDITIONS: Readonly<Record<number, RetryCondition>> = {
  429: 'http-429',
  502: 'http-502',
  503: 'http-503',
  504: 'http-504',
};

/** What a status is called where retries are declared; undefined: it is never a reason for one. */
export const conditionOf = (status: number): RetryCondition | undefined => CONDITIONS[status];

/** Statuses of something in front of an endpoint that is not there, or of one that takes no calls. */
export const isOutage = (status: number): boolean => status === 502 || status === 503 || status === 504;
