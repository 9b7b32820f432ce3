/** From the fields that `explain` was asked with to what is wanted. */
import { isIP } from 'node:net';
import { nearest } from '../../compiler/diagnostics/nearest.ts';
import { instantMs } from '../../compiler/parse/format/date-time.ts';
import type { TracedTarget } from '../../policies/trace/request.ts';
import type { Unresolved, Wanted, WantedCaller } from '../../policies/trace/resolve.ts';
import { type Fields, refuseUnknownKeys } from './fields.ts';

const TARGETS = ['call', 'prompt', 'read', 'list'] as const;

const LISTS = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  templates: 'resourceTemplates',
} as const;

const isList = (word: string): word is keyof typeof LISTS => Object.hasOwn(LISTS, word);

const targetOf = (fields: Fields): TracedTarget => {
  const given = TARGETS.filter((key) => fields[key] !== undefined);
  if (given.length !== 1)
    throw new Error(
      given.length === 0
        ? 'say what is asked for: --call, --prompt, --read or --list'
        : `--${given[0]} and --${given[1]} are two requests`,
    );
  const { call, prompt, read, list, args = {} } = fields;
  if (call !== undefined) return { kind: 'tool', name: call, args };
  if (prompt !== undefined) return { kind: 'prompt', name: prompt, args };
  if (read !== undefined) return { kind: 'resource', uri: read };
  if (list === undefined || !isList(list))
    throw new Error(`unknown list \`${list}\`; there is ${Object.keys(LISTS).join(', ')}`);
  return { kind: 'list', list: LISTS[list], names: [] };
};

const callerOf = (fields: Fields): WantedCaller => {
  const { as = {}, identity = as.identity } = fields;
  refuseUnknownKeys(as, ['identity', 'claims', 'key'], 'who calls');
  const claims = fields.claims ?? as.claims;
  const key = fields.key ?? as.key;
  if (identity !== undefined && typeof identity !== 'string') throw new Error('`identity` is no text');
  if (claims !== undefined && key !== undefined) throw new Error('a caller has claims or a key, not both');
  if (key !== undefined) return { kind: 'key', identity, id: String(key) };
  if (claims === undefined) {
    if (identity === undefined) return { kind: 'nobody' };
    throw new Error('the caller has an identity, and neither claims nor a key');
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new Error('`claims` is no mapping');
  return { kind: 'claims', identity, claims: claims as Readonly<Record<string, unknown>> };
};

const headersOf = ({ headers = {} }: Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));

/** @throws Error in words for whoever typed it. The clock is asked only where no time is given. */
export const wantedOf = (fields: Fields, now: () => number): Wanted => {
  const { server, listener, from, at, era } = fields;
  const atMs = at === undefined ? now() : instantMs(at);
  if (atMs === undefined) throw new Error(`\`${at}\` is no time; write \`2026-11-20T09:00:00Z\``);
  if (from !== undefined && isIP(from) === 0) throw new Error(`\`${from}\` is no IP address`);
  if (era !== undefined && era !== 'modern' && era !== 'legacy')
    throw new Error(`unknown era \`${era}\`; there is modern, legacy`);
  return {
    server,
    listener,
    caller: callerOf(fields),
    target: targetOf(fields),
    from,
    headers: headersOf(fields),
    nowMs: atMs,
    era,
  };
};

/** What is said of a name that there is not. */
export const unresolvedText = ({ what, name, known }: Unresolved): string => {
  const noun = what === 'key' ? 'API key' : what;
  const all =
    known.length === 0 ? 'there is none' : `there is ${known.map((each) => `\`${each}\``).join(', ')}`;
  if (name === undefined) return `name the ${noun}; ${all}`;
  const near = nearest(name, known);
  return `unknown ${noun} \`${name}\`; ${near === undefined ? all : `did you mean \`${near}\`?`}`;
};
