/** What `gatewright lock` tells of upstreams. */
import { escapeHidden } from '../../schema/hidden-characters.ts';
import type { LockedUpstream } from '../../schema/lock/lock.ts';
import type { Outcome } from './outcome.ts';
import { renderChange } from './render-changes.ts';

const countText = ({ tools, prompts, resourceTemplates }: LockedUpstream): string =>
  (
    [
      [tools.length, 'tool'],
      [prompts.length, 'prompt'],
      [resourceTemplates.length, 'resource template'],
    ] as const
  )
    .filter(([count], index) => count > 0 || index === 0)
    .map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`)
    .join(', ');

const outcomeText = ({ name, locked, problem, changes }: Outcome, color: boolean): string => {
  if (locked === undefined) return `${name}: could not be locked: ${problem}\n`;
  const changed = changes.length === 0 ? 'nothing changed' : `${changes.length} changed`;
  const heading = `${name}: ${countText(locked)}; ${changed}\n`;
  return heading + changes.map((change) => renderChange(change, color)).join('');
};

/** For people. `gone` are upstreams that the lock has and the configuration has not. */
export const renderOutcomes = (
  outcomes: readonly Outcome[],
  gone: readonly string[],
  color: boolean,
): string =>
  [
    ...outcomes.map((outcome) => outcomeText(outcome, color)),
    ...gone.map((name) => `${escapeHidden(name)}: no longer in the configuration\n`),
  ].join('');

/** For programs. */
export const outcomesJson = (outcomes: readonly Outcome[], gone: readonly string[]): string => {
  const upstreams = outcomes.map(({ name, problem, changes }) => ({ name, problem, changes }));
  return `${escapeHidden(JSON.stringify({ formatVersion: 1, upstreams, gone }, undefined, 2))}\n`;
};
