/** Where each part of a configuration is written, as an artifact carries it. */
import type { Artifact } from '../../schema/artifact.ts';
import type { Span } from '../../schema/diagnostic.ts';
import { type Place, spanOf } from '../source/source-file.ts';
import type { Path, SourceMap, SourceValue } from '../source/tree.ts';

/** A path as JSON Pointer (RFC 6901). */
const pointerOf = (path: Path): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** A place for each key and each item below `root`; `nameOf` says what a file is called. */
export const placesOf = (root: SourceMap, nameOf: (file: string) => string): Artifact['places'] => {
  const places: [string, string][] = [];
  const add = (path: Path, value: SourceValue, place: Place): void => {
    const { file, line, column } = spanOf(place);
    places.push([pointerOf(path), `${nameOf(file)}:${line}:${column}`]);
    visit(path, value);
  };
  const visit = (path: Path, value: SourceValue): void => {
    if (value.kind === 'map')
      for (const entry of value.entries.values()) add([...path, entry.key], entry.value, entry.keyPlace);
    if (value.kind === 'list')
      for (const [index, item] of value.items.entries()) add([...path, index], item, item.place);
  };
  visit([], root);
  return Object.fromEntries(places);
};

/** Whether a text is `file:line:column`. */
export const isPlace = (text: unknown): boolean =>
  typeof text === 'string' && /^[^\n]+:[1-9]\d{0,8}:[1-9]\d{0,8}$/.test(text);

/** The place of a path: a line and a column. Offsets are not kept, and 0. */
export const spanIn =
  (places: Artifact['places']) =>
  (path: Path): Span | undefined => {
    const pointer = pointerOf(path);
    const found = Object.hasOwn(places, pointer) ? /^(.+):(\d+):(\d+)$/.exec(places[pointer]!) : null;
    if (!found) return undefined;
    const [line, column] = [Number(found[2]), Number(found[3])];
    return {
      file: found[1]!,
      line,
      column,
      endLine: line,
      endColumn: column + 1,
      offset: 0,
      endOffset: 0,
    };
  };
