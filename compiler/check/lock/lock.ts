/** The configuration against what is locked: only upstreams that the lock has are judged. */
import type { Lock } from '../../../schema/lock/lock.ts';
import type { Configuration } from '../../configuration.ts';
import type { Report } from '../../diagnostics/report.ts';
import type { Inputs } from '../../input/inputs.ts';
import { checkLockedClashes } from './clashes.ts';
import { checkPinned } from './pinned.ts';
import { checkLockedRbacNames } from './rbac-names.ts';
import { checkLockedSelections } from './selections.ts';

/** Reports what does not fit what is locked. */
export type CheckLock = (config: Configuration, lock: Lock, report: Report) => void;

const LOCK_CHECKS: readonly CheckLock[] = [checkLockedSelections, checkLockedClashes, checkLockedRbacNames];

export const checkLock = (config: Configuration, inputs: Inputs, report: Report): void => {
  const { lock } = inputs;
  checkPinned(config, inputs, report);
  if (lock === undefined) return;
  for (const check of LOCK_CHECKS) check(config, lock, report);
};
