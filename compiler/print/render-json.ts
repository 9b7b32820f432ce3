/** The effective configuration as JSON: as it is, which the compiler takes too, or with the origins beside it. */
import { escapeHidden } from '../../schema/hidden-characters.ts';
import type { Effective, EffectiveValue } from './effective.ts';
import type { RenderOptions } from './render-yaml.ts';

/** Changes when a member changes its meaning. */
const FORMAT_VERSION = 1;

const dataOf = (value: EffectiveValue): unknown => {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(dataOf);
  return Object.fromEntries(Array.from(value.entries, ([key, entry]) => [key, dataOf(entry)]));
};

const pointer = (step: string | number): string =>
  `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** JSON Pointers of all values that hold no others, with their origins, and what overlays did on the way. */
const originsOf = (value: EffectiveValue, at = ''): readonly (readonly [string, string])[] => {
  const children: readonly (readonly [string | number, EffectiveValue])[] =
    value.kind === 'map' ? [...value.entries] : value.kind === 'list' ? [...value.items.entries()] : [];
  const note = value.note === undefined ? '' : ` (${value.note})`;
  const own: readonly (readonly [string, string])[] =
    children.length === 0 || note !== '' ? [[at, `${value.origin}${note}`]] : [];
  return [...own, ...children.flatMap(([step, child]) => originsOf(child, at + pointer(step)))];
};

export const renderEffectiveJson = ({ root, removed }: Effective, { origin }: RenderOptions): string => {
  const configuration = dataOf(root);
  const told = origin
    ? { formatVersion: FORMAT_VERSION, configuration, origins: Object.fromEntries(originsOf(root)), removed }
    : configuration;
  return `${escapeHidden(JSON.stringify(told, null, 2))}\n`;
};
