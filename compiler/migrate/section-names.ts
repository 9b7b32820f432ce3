/** Sections that are known by other names, in other gateways and in drafts of the language. */
import { dereference, GATEWAY_SCHEMA } from '../parse/schema.ts';
import { type Codemod, lettersOf } from './codemod.ts';

/** By letters alone, see {@link lettersOf}. */
const NAMES: Readonly<Record<string, string>> = {
  listen: 'listeners',
  listener: 'listeners',
  identities: 'identity',
  identityprovider: 'identity',
  identityproviders: 'identity',
  server: 'servers',
  virtualservers: 'servers',
  upstream: 'upstreams',
  backends: 'upstreams',
  policy: 'policies',
  limit: 'limits',
  ratelimit: 'limits',
  ratelimits: 'limits',
  includes: 'include',
};

const KINDS = { object: 'map', array: 'list' } as const;

export const renameSections: Codemod = ({ entries }) => {
  const taken = new Set(entries.keys());
  return [...entries.values()].flatMap(({ key, keyPlace, value }) => {
    const letters = lettersOf(key);
    const name = Object.hasOwn(NAMES, letters) ? NAMES[letters]! : undefined;
    const section = name === undefined ? undefined : GATEWAY_SCHEMA.properties?.[name];
    if (name === undefined || section === undefined || taken.has(name)) return [];
    const { type } = dereference(section);
    if (KINDS[type as keyof typeof KINDS] !== value.kind) return [];
    taken.add(name);
    return [{ place: keyPlace, text: name }];
  });
};
