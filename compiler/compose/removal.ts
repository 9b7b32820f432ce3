/** How an overlay takes away: `key: null`, and in a list of named entries `{ upstream: files, $remove: true }`. */
import { nearest } from '../diagnostics/nearest.ts';
import type { SourceEntry, SourceMap, SourceValue } from '../source/tree.ts';
import type { Laying } from './laying.ts';

const REMOVE = '$remove';

/** A `null` that somebody wrote; a key that nothing follows is a mistake, and told as one. */
export const isRemoval = (value: SourceValue): boolean =>
  value.kind === 'scalar' && value.value === null && value.written !== '' && !value.isHole;

/** Whether an entry of a list says that the one of its name is to go. */
export const isRemovalOfEntry = (value: SourceValue): boolean => {
  const marker = value.kind === 'map' ? value.entries.get(REMOVE)?.value : undefined;
  return marker?.kind === 'scalar' && marker.value === true;
};

/** The base has no such key. */
export const reportNothing = ({ report, path }: Laying, entry: SourceEntry, base: SourceMap): void => {
  const near = nearest(entry.key, base.entries.keys());
  const similar = near === undefined ? undefined : base.entries.get(near);
  report(
    'GW2041',
    entry.keyPlace,
    { what: [...path, entry.key].join('.'), nearest: near },
    { labels: similar ? [{ place: similar.keyPlace, text: 'similar name here' }] : [] },
  );
};
