/** `identity`: who is calling. */
import type { Static } from 'typebox';
import { unionByType } from '../value.ts';
import { ApiKeyIdentity } from './api-key.ts';
import { JwtIdentity } from './jwt.ts';

export const Identity = unionByType([JwtIdentity, ApiKeyIdentity], {
  description: 'A way to establish who is calling.',
});

export type Identity = Static<typeof Identity>;
