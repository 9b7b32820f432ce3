import { randomBytes } from 'node:crypto';

const WELL_FORMED = /^[A-Za-z0-9._-]{1,64}$/;
const prefix = randomBytes(8).toString('hex');
let count = 0;

/** The id that the caller gave in X-Correlation-ID if it is well formed, else one that is unique but no secret. */
export const correlationIdOf = (header: string | string[] | undefined): string => {
  if (typeof header === 'string' && WELL_FORMED.test(header)) return header;
  count += 1;
  return `${prefix}-${count.toString(36)}`;
};
