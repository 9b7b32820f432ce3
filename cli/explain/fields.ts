/** What `gatewright explain` was asked, by the names of its options: from the command line and from a request file. */
import { parse } from 'yaml';
import { nearest } from '../../compiler/diagnostics/nearest.ts';
import type { Arguments } from '../arguments.ts';
import type { EXPLAIN } from '../manual/explain.ts';

/** A field is text as it was typed, or data as it was written in a file. */
export interface Fields {
  readonly server?: string;
  readonly listener?: string;
  readonly call?: string;
  readonly prompt?: string;
  readonly read?: string;
  readonly list?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** An identity with claims or a key. */
  readonly as?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: string;
  readonly identity?: string;
  readonly from?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly at?: string;
  readonly era?: string;
}

const TEXTS = [
  'server',
  'listener',
  'call',
  'prompt',
  'read',
  'list',
  'key',
  'identity',
  'from',
  'at',
  'era',
];
const OBJECTS = ['args', 'as', 'claims', 'headers'];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (text: string, what: string): unknown => {
  try {
    return parse(text, { schema: 'core', version: '1.2' });
  } catch (error) {
    throw new Error(`${what} cannot be read: ${(error as Error).message.split('\n')[0]}`);
  }
};

/** The mapping in a YAML or JSON text. @throws Error in words for whoever wrote it. */
export const readMapping = (text: string, what: string): Readonly<Record<string, unknown>> => {
  const value = parsed(text, what);
  if (!isObject(value)) throw new Error(`${what} holds no mapping`);
  return value;
};

/** Refuses keys that mean nothing. */
export const refuseUnknownKeys = (
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  what: string,
): void => {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  throw new Error(
    `unknown key \`${unknown}\` in ${what}; ${near === undefined ? `there is ${known.join(', ')}` : `did you mean \`${near}\`?`}`,
  );
};

/** The fields of a request file. */
export const fieldsOfFile = (text: string, file: string): Fields => {
  const value = readMapping(text, `\`${file}\``);
  refuseUnknownKeys(value, [...TEXTS, ...OBJECTS], `\`${file}\``);
  for (const [key, member] of Object.entries(value)) {
    if (OBJECTS.includes(key) && !isObject(member))
      throw new Error(`\`${key}\` in \`${file}\` is no mapping`);
    if (TEXTS.includes(key) && typeof member !== 'string')
      throw new Error(`\`${key}\` in \`${file}\` is no text`);
  }
  return value as Fields;
};

const jsonOr = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const jsonObject = (text: string, option: string): Readonly<Record<string, unknown>> => {
  const value = jsonOr(text);
  if (!isObject(value)) throw new Error(`--${option} is no JSON object`);
  return value;
};

const pair = (text: string, separator: string, option: string): readonly [string, string] => {
  const at = text.indexOf(separator);
  if (at < 1) throw new Error(`--${option} \`${text}\` has no \`${separator}\``);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
};

type Values = Arguments<(typeof EXPLAIN)['options']>['values'];

const argumentsIn = ({ args, arg }: Values): Fields['args'] => {
  if (args === undefined && arg === undefined) return undefined;
  const single = (arg ?? []).map((text) => pair(text, '=', 'arg'));
  const named = single.map(([name, value]) => [name, jsonOr(value)] as const);
  return { ...(args === undefined ? {} : jsonObject(args, 'args')), ...Object.fromEntries(named) };
};

const given = (fields: { [K in keyof Fields]: Fields[K] | undefined }): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;

/** As in files of tests: a caller without credentials. */
const NOBODY = 'anonymous';

/** The fields of the command line. `readAs` reads the file that `--as` names. */
export const fieldsOfOptions = (values: Values, readAs: (file: string) => string): Fields => {
  const { server, listener, call, prompt, read, list, key, identity, from, at, era } = values;
  const { as, claims, header } = values;
  return given({
    server,
    listener,
    call,
    prompt,
    read,
    list,
    args: argumentsIn(values),
    as: as === undefined || as === NOBODY ? undefined : readMapping(readAs(as), `\`${as}\``),
    claims: claims === undefined ? undefined : jsonObject(claims, 'claims'),
    key,
    identity,
    from,
    headers:
      header === undefined ? undefined : Object.fromEntries(header.map((text) => pair(text, ':', 'header'))),
    at,
    era,
  });
};
