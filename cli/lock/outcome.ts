/** What came of asking one upstream, and of asking several. */

import { redactLine } from '../../runtime/observe/redact.ts';
import { escapeHidden } from '../../schema/hidden-characters.ts';
import { LOCKED_KINDS, type Lock, type LockedItem, type LockedUpstream } from '../../schema/lock/lock.ts';
import { changesOf, type ItemChange } from './difference.ts';
import { reasonOf } from './upstream-offer.ts';

export interface Outcome {
  readonly name: string;
  /** The upstream's part of the lock from now on; absent where it could not be asked. */
  readonly locked?: LockedUpstream;
  readonly problem?: string;
  readonly changes: readonly ItemChange[];
}

const NOTHING_LOCKED: LockedUpstream = { prompts: [], resourceTemplates: [], tools: [] };

/** Upstreams that are asked at the same time. */
const MAX_ASKED = 8;

/** The old part with those items as they are now that were accepted by name. */
const acceptOnly = (
  before: LockedUpstream,
  now: LockedUpstream,
  names: readonly string[],
): LockedUpstream => {
  const merge = (old: readonly LockedItem[], offered: readonly LockedItem[]): readonly LockedItem[] => [
    ...old.filter(({ name }) => !names.includes(name)),
    ...offered.filter(({ name }) => names.includes(name)),
  ];
  const lists = LOCKED_KINDS.map((kind) => [kind, merge(before[kind], now[kind])]);
  return { ...before, ...Object.fromEntries(lists) };
};

/** Asks one upstream; with `accepted` only these of its items are taken as they are now. Never rejects. */
export const outcomeOf = async (
  name: string,
  before: LockedUpstream = NOTHING_LOCKED,
  accepted: readonly string[],
  ask: () => Promise<LockedUpstream>,
): Promise<Outcome> => {
  try {
    const now = await ask();
    const locked = accepted.length === 0 ? now : acceptOnly(before, now, accepted);
    return { name, locked, changes: changesOf(before, locked) };
  } catch (thrown) {
    return { name, problem: escapeHidden(redactLine(reasonOf(thrown))), changes: [] };
  }
};

/** In the order of `names`, a few at a time. */
export const outcomesOf = async (
  names: readonly string[],
  ask: (name: string) => Promise<Outcome>,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  const waiting = names.entries();
  const work = async (): Promise<void> => {
    for (const [index, name] of waiting) outcomes[index] = await ask(name);
  };
  await Promise.all(Array.from({ length: MAX_ASKED }, work));
  return outcomes;
};

/** The lock with what was learnt, and without upstreams in `gone`. */
export const lockAfter = (before: Lock, outcomes: readonly Outcome[], gone: readonly string[]): Lock => ({
  ...before,
  upstreams: Object.fromEntries([
    ...Object.entries(before.upstreams).filter(([name]) => !gone.includes(name)),
    ...outcomes.flatMap(({ name, locked }) => (locked === undefined ? [] : [[name, locked] as const])),
  ]),
});
