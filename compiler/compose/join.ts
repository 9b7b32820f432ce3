/** Files that together are one configuration: sections join entry by entry, and nothing is given twice. */
import type { Report } from '../diagnostics/report.ts';
import type { SourceEntry, SourceMap } from '../source/tree.ts';
import { includedText } from './include-path.ts';

/** Top-level keys that every file may give for itself. */
const OWN_KEY = 'include';

const isSameVersion = (a: SourceEntry, b: SourceEntry): boolean =>
  a.key === 'version' &&
  a.value.kind === 'scalar' &&
  b.value.kind === 'scalar' &&
  a.value.value === b.value.value;

const reportTwice = (first: SourceEntry, again: SourceEntry, owner: string, report: Report): void =>
  report(
    'GW0033',
    again.keyPlace,
    { key: owner + again.key },
    { labels: [{ place: first.keyPlace, text: 'first given here' }] },
  );

const joinSection = (first: SourceMap, again: SourceMap, section: string, report: Report): SourceMap => {
  const entries = new Map(first.entries);
  for (const entry of again.entries.values()) {
    const before = entries.get(entry.key);
    if (before) reportTwice(before, entry, `${section}.`, report);
    else entries.set(entry.key, entry);
  }
  return { ...first, entries, isIncomplete: first.isIncomplete || again.isIncomplete };
};

/** Of the includes of `again`, which were followed, what has the wrong shape stays, so that it is told. */
const joinIncludes = (first: SourceEntry, again: SourceEntry): SourceEntry => {
  if (first.value.kind !== 'list') return first;
  if (again.value.kind !== 'list') return again;
  const wrong = again.value.items.filter((item) => includedText(item) === undefined);
  return { ...first, value: { ...first.value, items: [...first.value.items, ...wrong] } };
};

const joinEntry = (first: SourceEntry, again: SourceEntry, report: Report): SourceEntry => {
  if (again.key === OWN_KEY) return joinIncludes(first, again);
  if (first.value.kind === 'map' && again.value.kind === 'map')
    return { ...first, value: joinSection(first.value, again.value, again.key, report) };
  if (!isSameVersion(first, again)) reportTwice(first, again, '', report);
  return first;
};

/** `first` with what `again` adds. What both give is reported, and stays as `first` has it. */
export const joinFiles = (first: SourceMap, again: SourceMap, report: Report): SourceMap => {
  const entries = new Map(first.entries);
  for (const entry of again.entries.values()) {
    const before = entries.get(entry.key);
    entries.set(entry.key, before ? joinEntry(before, entry, report) : entry);
  }
  return { ...first, entries, isIncomplete: first.isIncomplete || again.isIncomplete };
};
