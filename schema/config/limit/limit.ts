/** `limits`: how often, how long, how much. */
import type { Static } from 'typebox';
import { unionByType } from '../value.ts';
import { BoundsLimit } from './bounds.ts';
import { RateLimit } from './rate.ts';

export const Limit = unionByType([RateLimit, BoundsLimit], { description: 'A limit on calls.' });

export type Limit = Static<typeof Limit>;
