/** A file with what it includes, and what that includes, as one tree. */
import { posix } from 'node:path';
import type { Report } from '../diagnostics/report.ts';
import { decode } from '../source/decode.ts';
import type { Files } from '../source/files.ts';
import { readYaml } from '../source/read-yaml.ts';
import { type Place, type SourceFile, sourceFile } from '../source/source-file.ts';
import type { SourceMap, SourceValue } from '../source/tree.ts';
import { filesMatching, isGlob } from './glob.ts';
import { includedText, includeProblem, isBelow } from './include-path.ts';
import { joinFiles } from './join.ts';

const MAX_FILES = 1000;

/** One file on the way to the one that is read. */
interface Step {
  readonly path: string;
  /** The entry of `include` that names it; undefined for the first file. */
  readonly place?: Place;
}

interface Reading {
  readonly files: Files;
  readonly report: Report;
  /** The folder that nothing outside of is included. */
  readonly root: string;
  /** Paths of what was read or is being read. */
  readonly seen: Set<string>;
  readonly texts: SourceFile[];
  tree: SourceMap | undefined;
  /** A file could not be read, so that what it defines is not known. */
  isPartial: boolean;
}

/** The first path is as the user wrote it. */
const isSameFile = (a: string, b: string): boolean => posix.normalize(a) === posix.normalize(b);

const openFile = ({ files, report }: Reading, { path, place }: Step): SourceFile | undefined => {
  const bytes = files.open(path);
  if (bytes) return decode(path, bytes, report);
  report('GW0001', place ?? { file: sourceFile(path, ''), start: 0, end: 0 }, {
    path,
    why: files.whyUnread(path),
  });
  return undefined;
};

const reportCycle = ({ report }: Reading, way: readonly Step[], path: string, place: Place): void => {
  const circle = way.slice(way.findIndex((step) => isSameFile(step.path, path)));
  const labels = circle.slice(1).map((step) => ({
    place: step.place!,
    text: `\`${step.path}\` is included here`,
  }));
  report('GW0030', place, { path, by: circle.slice(1).map((step) => step.path) }, { labels });
};

/** The files that an entry of `include` names, in order. */
const namedBy = (reading: Reading, from: string, entry: SourceValue): readonly string[] => {
  const { files, report, root } = reading;
  const text = includedText(entry);
  if (text === undefined) return [];
  const path = files.beside(text, from);
  const problem =
    includeProblem(text) ?? (isBelow(root, path) ? undefined : 'it leaves the folder of the main file');
  if (problem !== undefined) {
    report('GW0031', entry.place, { text, problem });
    return [];
  }
  if (!isGlob(text)) return [path];
  const matches = filesMatching(path, files.list).filter((match) => !isSameFile(match, from));
  if (matches.length === 0) report('GW0032', entry.place, { glob: text });
  return matches;
};

const includeFile = (reading: Reading, way: readonly Step[], step: Required<Step>): void => {
  if (way.some(({ path }) => isSameFile(path, step.path))) {
    reportCycle(reading, way, step.path, step.place);
    return;
  }
  if (reading.seen.has(step.path)) return;
  if (reading.seen.size >= MAX_FILES) {
    if (!reading.isPartial)
      reading.report('GW0018', step.place, { what: 'the configuration', limit: MAX_FILES, unit: 'file' });
    reading.isPartial = true;
    return;
  }
  readInto(reading, [...way, step]);
};

const readInto = (reading: Reading, way: readonly Step[]): void => {
  const step = way.at(-1)!;
  reading.seen.add(posix.normalize(step.path));
  const file = openFile(reading, step);
  if (file) reading.texts.push(file);
  const tree = file && readYaml(file, reading.report);
  if (!tree) {
    reading.isPartial = true;
    return;
  }
  reading.tree = reading.tree ? joinFiles(reading.tree, tree, reading.report) : tree;
  const include = tree.entries.get('include')?.value;
  for (const entry of include?.kind === 'list' ? include.items : []) {
    for (const path of namedBy(reading, step.path, entry))
      includeFile(reading, way, { path, place: entry.place });
  }
};

export interface IncludedFiles {
  /** Undefined, with findings, if any of the files could not be read. */
  readonly tree: SourceMap | undefined;
  /** The texts of the files, in the order in which they were read. */
  readonly texts: readonly SourceFile[];
}

/** Reads `path` and all that it includes, each file once. */
export const readWithIncludes = (path: string, files: Files, report: Report): IncludedFiles => {
  const reading: Reading = {
    files,
    report,
    root: posix.dirname(path),
    seen: new Set(),
    texts: [],
    tree: undefined,
    isPartial: false,
  };
  readInto(reading, [{ path }]);
  return { tree: reading.isPartial ? undefined : reading.tree, texts: reading.texts };
};
