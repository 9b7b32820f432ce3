/** The one way in which a lock is written, made to be reviewed: sorted, a line for each field, nothing hidden. */
import { escapeHidden } from '../hidden-characters.ts';
import { LOCKED_KINDS, type Lock, type LockedItem, type LockedUpstream } from './lock.ts';

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, sorted(child)] as const);
  return Object.fromEntries(entries.sort(byKey));
};

const itemFields = ({ name, sha256, definition }: LockedItem) => ({
  name,
  sha256,
  definition: sorted(definition),
});

const upstreamFields = (upstream: LockedUpstream) => {
  const { instructions } = upstream;
  const lists = LOCKED_KINDS.map((kind) => [
    kind,
    upstream[kind].toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(itemFields),
  ]);
  return {
    ...(instructions && { instructions: { sha256: instructions.sha256, text: instructions.text } }),
    ...Object.fromEntries(lists),
  };
};

/** The text of `gateway.lock`: equal locks, equal bytes. Characters that nobody would see are escaped. */
export const lockText = ({ lockVersion, upstreams }: Lock): string => {
  const entries = Object.entries(upstreams)
    .sort(byKey)
    .map(([name, upstream]) => [name, upstreamFields(upstream)]);
  const fields = { lockVersion, upstreams: Object.fromEntries(entries) };
  return `${escapeHidden(JSON.stringify(fields, undefined, 2))}\n`;
};
