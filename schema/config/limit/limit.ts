/** `limits`: how often, how long, how much. */
import type { Static } from 'typebox';
import { unionByType } from '../value.ts';
import { BoundsLimit } from './bounds.ts';
import { ConcurrencyLimit } from './concurrency.ts';
import { QuotaLimit } from './quota.ts';
import { RateLimit } from './rate.ts';

export const Limit = unionByType([RateLimit, QuotaLimit, ConcurrencyLimit, BoundsLimit], {
  description: 'A limit on calls.',
});

export type Limit = Static<typeof Limit>;
