/** `policies`: the rules that a call must pass. */
import type { Static } from 'typebox';
import { unionByType } from '../value.ts';
import { CelPolicy } from './cel.ts';
import { RbacPolicy } from './rbac.ts';

export const Policy = unionByType([CelPolicy, RbacPolicy], { description: 'A rule that a call must pass.' });

export type Policy = Static<typeof Policy>;
