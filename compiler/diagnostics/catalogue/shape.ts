/** GW1xxx: keys, types and words against the schema. */
import { counted, didYouMean, entry, oneOfWords } from '../entry.ts';

const MANY = 12;

const allowed = (words: readonly string[]): string | undefined =>
  words.length === 0 || words.length > MANY ? undefined : `allowed: ${oneOfWords(words)}`;

export const SHAPE = {
  GW1001: entry<{
    key: string;
    owner: string;
    nearest: string | undefined;
    known: readonly string[];
    /** What to write, where neither a key that is near nor the list of all would help. */
    advice?: string | undefined;
  }>({
    severity: 'error',
    title: 'Unknown key',
    message: ({ key, owner }) => `unknown key \`${key}\` in ${owner}`,
    label: ({ nearest }) => (nearest ? undefined : 'no such key here'),
    help: ({ nearest, known, advice }) => [nearest ? didYouMean(nearest) : (advice ?? allowed(known))],
  }),
  GW1002: entry<{ key: string; owner: string; description: string; example: string | undefined }>({
    severity: 'error',
    title: 'Missing key',
    message: ({ key, owner }) => `${owner} has no \`${key}\``,
    help: ({ key, example }) => [example === undefined ? `add \`${key}\`` : `add \`${key}: ${example}\``],
    note: ({ key, description }) => [`\`${key}\`: ${description}`],
  }),
  GW1003: entry<{ expected: string; found: string; help: string | undefined }>({
    severity: 'error',
    title: 'Wrong type',
    message: ({ expected, found }) => `expected ${expected}, found ${found}`,
    help: ({ help }) => [help],
  }),
  GW1004: entry<{
    word: string;
    words: readonly string[];
    nearest: string | undefined;
    /** Why the word is left out on purpose. */
    refusal: string | undefined;
  }>({
    severity: 'error',
    title: 'Not one of the allowed words',
    message: ({ word }) => `\`${word}\` is not allowed here`,
    help: ({ nearest, words }) => [didYouMean(nearest), `allowed: ${oneOfWords(words)}`],
    note: ({ refusal }) => [refusal],
  }),
  GW1005: entry<{ owner: string; types: readonly string[]; guess: string | undefined }>({
    severity: 'error',
    title: 'Missing `type`',
    message: ({ owner }) => `${owner} has no \`type\``,
    help: ({ types, guess }) => [
      guess === undefined
        ? `add \`type:\` with ${oneOfWords(types)}`
        : `add \`type: ${guess}\`, if that was meant`,
    ],
    note: ({ types, guess }) => [guess === undefined ? undefined : `types: ${oneOfWords(types)}`],
  }),
  GW1006: entry<{ type: string; owner: string; types: readonly string[]; nearest: string | undefined }>({
    severity: 'error',
    title: 'Unknown `type`',
    message: ({ type, owner }) => `unknown type \`${type}\` of ${owner}`,
    help: ({ nearest, types }) => [didYouMean(nearest), `allowed: ${oneOfWords(types)}`],
  }),
  GW1007: entry<{ value: number; minimum: number | undefined; maximum: number | undefined }>({
    severity: 'error',
    title: 'Number out of range',
    message: ({ value, minimum, maximum }) =>
      minimum !== undefined && value < minimum
        ? `${value} is less than ${minimum}`
        : `${value} is more than ${maximum}`,
    help: ({ minimum, maximum }) => [
      maximum === undefined ? `write ${minimum} or more` : `write a number from ${minimum} to ${maximum}`,
    ],
  }),
  GW1008: entry<{ what: 'list' | 'text'; least: number | undefined; most: number | undefined }>({
    severity: 'error',
    title: 'Too short or too long',
    message: ({ what, least, most }) => {
      const noun = what === 'list' ? 'item' : 'character';
      if (least === 1) return `this ${what} is empty`;
      return least === undefined
        ? `this ${what} has more than ${counted(most ?? 0, noun)}`
        : `this ${what} has fewer than ${counted(least, noun)}`;
    },
  }),
  GW1009: entry<{ name: string; pattern: string; owner: string }>({
    severity: 'error',
    title: 'Name that is not allowed',
    message: ({ name, owner }) => `\`${name}\` cannot be a name in ${owner}`,
    help: ({ pattern }) => [`names match \`${pattern}\``],
  }),
  GW1010: entry<{ written: string; unit: string; suggestion: string; units: readonly string[] }>({
    severity: 'error',
    title: 'Number without its unit',
    message: ({ written }) => `\`${written}\` has no unit`,
    label: ({ unit }) => `expected ${unit}`,
    help: ({ suggestion, units }) => [
      `write \`${suggestion}\` if that was meant; units: ${oneOfWords(units)}`,
    ],
  }),
  GW1011: entry<{ version: string }>({
    severity: 'error',
    title: 'Version of the language',
    message: ({ version }) => `version ${version} of the language is not known`,
    help: () => ['write `version: 1`'],
  }),
  GW1012: entry<{ text: string; pattern: string }>({
    severity: 'error',
    title: 'Text that is not allowed',
    message: ({ text }) => `\`${text}\` is not allowed here`,
    help: ({ pattern }) => [`allowed: text that matches \`${pattern}\``],
  }),
  GW1030: entry<{ code: string; nearest: string | undefined }>({
    severity: 'error',
    title: 'Level for a code that does not exist',
    message: ({ code }) => `\`${code}\` is not a code`,
    help: ({ nearest }) => [didYouMean(nearest) ?? 'codes are told with each finding, such as `GW2009`'],
  }),
  GW1031: entry<{ code: string; title: string }>({
    severity: 'error',
    title: 'Level for an error that cannot be lowered',
    message: ({ code }) => `the level of \`${code}\` cannot be changed`,
    help: () => ['remove it: warnings and posture findings can be changed, other errors cannot'],
    note: ({ code, title }) => [`\`${code}\` is “${title}”: a configuration that has it cannot be served`],
  }),
  GW1013: entry<{ what: string; expected: string; isItem: boolean }>({
    severity: 'error',
    title: 'Key without a value',
    message: ({ what }) => `${what} has no value`,
    label: ({ expected }) => `expected ${expected}`,
    help: ({ what, isItem }) => [
      isItem ? 'give it one, or remove its `-`' : `give it one, or remove ${what}`,
    ],
  }),
  GW1014: entry<{ what: string; help: string | undefined }>({
    severity: 'error',
    title: 'File of another program',
    message: ({ what }) => `this is ${what}`,
    label: () => 'no key of this language',
    help: ({ help }) => [
      help ?? 'the smallest configuration has `version`, `listeners`, `servers` and `upstreams`',
    ],
  }),
};
