/** What is right as it stands and has no effect. Only worth telling when nothing is wrong otherwise. */
import type { Check } from './check.ts';
import { checkConstantPolicies } from './constant-policies.ts';
import { checkCoveredItems } from './covered-items.ts';
import { checkCoveredPermissions } from './covered-permissions.ts';
import { checkUnmatchedNames } from './unmatched-names.ts';
import { checkDeniedRanges, checkEmptyExposures, checkWebSockets } from './unreachable.ts';
import { checkUnused } from './unused.ts';

export const EFFECTS: readonly Check[] = [
  checkUnused,
  checkCoveredItems,
  checkCoveredPermissions,
  checkConstantPolicies,
  checkEmptyExposures,
  checkWebSockets,
  checkDeniedRanges,
  checkUnmatchedNames,
];
