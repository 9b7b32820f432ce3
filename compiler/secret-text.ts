/** What texts look like secrets: by the prefixes of known issuers, by the name they stand under, by their randomness. */
import { hasReference, parseReference } from '../schema/reference.ts';

const KNOWN: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\bgh[pousr]_[A-Za-z0-9]{30,}/, 'a GitHub token'],
  [/\bgithub_pat_[A-Za-z0-9_]{40,}/, 'a GitHub token'],
  [/\bglpat-[A-Za-z0-9_-]{20,}/, 'a GitLab token'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, 'an AWS access key'],
  [/\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}/, 'an API key'],
  [/\b[rs]k_(?:live|test)_[A-Za-z0-9]{20,}/, 'a Stripe key'],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,}/, 'a Slack token'],
  [/\bAIza[A-Za-z0-9_-]{35}/, 'a Google API key'],
  [/\bnpm_[A-Za-z0-9]{36}/, 'an npm token'],
  [/\bhf_[A-Za-z0-9]{30,}/, 'a Hugging Face token'],
  [/\bgw_[A-Za-z0-9-]{1,63}_[A-Za-z0-9_-]{40,}/, 'a key of this gateway'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/, 'a JSON Web Token'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]+:[^\s@/]{3,}@/i, 'a URL with a password'],
];

/** Names under which secrets are kept. */
const SECRET_NAME =
  /(?:^|[_-])(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|auth(?:orization)?)(?:$|[_-])/i;

/** Texts that are kept under such names and are no secrets. */
const PLACEHOLDER = /^(?:true|false|none|null|changeme|example.*|test.*|\d+|<.*>|x+|\*+)$/i;

const MIN_RANDOM_LENGTH = 20;
const RANDOM_BITS = 3.5;

/** Shannon entropy of a text's characters, in bits for each. */
const entropy = (text: string): number => {
  const counts = Map.groupBy(text, (character) => character);
  return [...counts.values()].reduce((sum, { length }) => {
    const share = length / text.length;
    return sum - share * Math.log2(share);
  }, 0);
};

const looksRandom = (text: string): boolean =>
  text.length >= MIN_RANDOM_LENGTH &&
  /^[A-Za-z0-9+/=_.~-]+$/.test(text) &&
  /[0-9]/.test(text) &&
  /[A-Za-z]/.test(text) &&
  entropy(text) >= RANDOM_BITS;

/** A path is judged by its parts: together they are long and look random without being a secret. */
const partsOf = (text: string): readonly string[] => (/^[.~]{0,2}\//.test(text) ? text.split('/') : [text]);

/** What is written out of a text: all of it, or what stands around references and as their defaults. */
const writtenText = (text: string): string => {
  if (!hasReference(text)) return text;
  const { parts } = parseReference(text);
  return parts
    .map((part) => (part.kind === 'text' ? part.text : part.kind === 'env' ? (part.fallback ?? '') : ''))
    .join('');
};

/**
 * What kind of secret a text holds outside its references, for example `a GitHub token`; undefined if it holds none. With the
 * `name` of the header or variable that it is the value of, name and randomness count too.
 */
export const secretKind = (text: string, name?: string): string | undefined => {
  const literal = writtenText(text);
  const known = KNOWN.find(([pattern]) => pattern.test(literal));
  if (known) return known[1];
  if (name === undefined) return undefined;
  const bare = literal.replace(/^(?:bearer|basic|token)\s+/i, '');
  const isNamed =
    SECRET_NAME.test(name) && bare.length >= 6 && !PLACEHOLDER.test(bare) && !/^[./~]/.test(bare);
  return isNamed || partsOf(bare).some(looksRandom) ? 'a secret' : undefined;
};
