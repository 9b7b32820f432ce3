/** `gateway.lock`: what was approved of. It is believed as a whole or not at all. */
import { definitionHash } from '../../policies/pin/definition-hash.ts';
import {
  LOCK_VERSION,
  LOCKED_KEY,
  LOCKED_KINDS,
  type Lock,
  type LockedKind,
} from '../../schema/lock/lock.ts';
import { lockText } from '../../schema/lock/lock-text.ts';
import type { Configuration } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import { jsonPlaceAt } from '../source/json-place.ts';
import { readJson } from '../source/read-json.ts';
import type { SourceFile } from '../source/source-file.ts';
import type { Path } from '../source/tree.ts';

/** The largest lock that is read. */
export const MAX_LOCK_BYTES = 16 * 1024 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/** Something that is wrong at a place of the lock. */
type Tell = (path: Path, problem: string) => void;

const ITEM_KEYS = ['name', 'sha256', 'definition'];
const TEXT_KEYS = ['sha256', 'text'];
const UPSTREAM_KEYS = ['instructions', ...LOCKED_KINDS];

const NOUN: Readonly<Record<LockedKind, string>> = {
  prompts: 'prompt',
  resourceTemplates: 'resource template',
  tools: 'tool',
};

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether it is an object of these members and no other, `optional` ones aside. */
const hasFields = (
  value: unknown,
  path: Path,
  keys: readonly string[],
  tell: Tell,
  optional = '',
): boolean => {
  if (!isObject(value)) {
    tell(path, 'an object is expected here');
    return false;
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  const missing = keys.find((key) => !Object.hasOwn(value, key) && key !== optional);
  if (unknown !== undefined) tell([...path, unknown], `\`${unknown}\` has no meaning here`);
  else if (missing !== undefined) tell(path, `\`${missing}\` is missing`);
  return unknown === undefined && missing === undefined;
};

const checkItem = (item: unknown, kind: LockedKind, path: Path, tell: Tell): void => {
  if (!hasFields(item, path, ITEM_KEYS, tell)) return;
  const { name, definition } = item as Fields;
  const key = LOCKED_KEY[kind];
  if (!isObject(definition)) tell([...path, 'definition'], 'an object is expected here');
  else if (typeof name !== 'string' || definition[key] !== name)
    tell([...path, 'name'], `the definition has another \`${key}\``);
};

const checkItems = (items: unknown, kind: LockedKind, path: Path, tell: Tell): void => {
  if (!Array.isArray(items)) {
    tell(path, 'a list is expected here');
    return;
  }
  const names = new Set<unknown>();
  for (const [index, item] of items.entries()) {
    checkItem(item, kind, [...path, index], tell);
    const name = isObject(item) ? item.name : undefined;
    if (names.has(name)) tell([...path, index, 'name'], `${NOUN[kind]} \`${name}\` is there twice`);
    names.add(name);
  }
};

/** Whether the value is a lock; tells what is wrong with it. */
const checkShape = (value: unknown, tell: Tell): value is Lock => {
  let sound = true;
  const report: Tell = (path, problem) => {
    sound = false;
    tell(path, problem);
  };
  if (!hasFields(value, [], ['lockVersion', 'upstreams'], report)) return false;
  const { lockVersion, upstreams } = value as Fields;
  if (typeof lockVersion !== 'number') report(['lockVersion'], '`lockVersion` is a number');
  if (!isObject(upstreams)) {
    report(['upstreams'], 'an object is expected here');
    return false;
  }
  for (const [name, upstream] of Object.entries(upstreams)) {
    const path = ['upstreams', name];
    if (!hasFields(upstream, path, UPSTREAM_KEYS, report, 'instructions')) continue;
    const { instructions, ...lists } = upstream as Fields;
    for (const kind of LOCKED_KINDS) checkItems(lists[kind], kind, [...path, kind], report);
    if (instructions === undefined) continue;
    const below = [...path, 'instructions'];
    if (
      hasFields(instructions, below, TEXT_KEYS, report) &&
      typeof (instructions as Fields).text !== 'string'
    )
      report([...below, 'text'], 'a text is expected here');
  }
  return sound;
};

const checkHashes = (lock: Lock, placeOf: (path: Path) => ReturnType<typeof jsonPlaceAt>, report: Report) => {
  const check = (what: string, path: Path, sha256: string, locked: unknown): void => {
    const hash = definitionHash(locked);
    if (hash === undefined) report('GW7000', placeOf(path), { problem: `${what} is nested too deeply` });
    else if (hash !== sha256) report('GW7002', placeOf([...path, 'sha256']), { what, sha256: hash });
  };
  for (const [name, upstream] of Object.entries(lock.upstreams)) {
    const path = ['upstreams', name];
    for (const kind of LOCKED_KINDS) {
      for (const [index, item] of upstream[kind].entries())
        check(`${NOUN[kind]} \`${item.name}\``, [...path, kind, index], item.sha256, item.definition);
    }
    const { instructions } = upstream;
    if (instructions)
      check('the instructions', [...path, 'instructions'], instructions.sha256, instructions.text);
  }
};

/** Where two texts part; line endings, which tools change, are all one. */
const firstDifference = (file: SourceFile, expected: string): number | undefined => {
  const { text } = file;
  let at = 0;
  for (let expectedAt = 0; at < text.length || expectedAt < expected.length; at += 1, expectedAt += 1) {
    if (text[at] === '\r' && text[at + 1] === '\n') at += 1;
    if (text[at] !== expected[expectedAt]) return Math.min(at, text.length);
  }
  return undefined;
};

const checkUpstreams = (lock: Lock, file: SourceFile, { names }: Configuration, report: Report): void => {
  for (const name of Object.keys(lock.upstreams)) {
    if (!names.upstreams.has(name)) report('GW7004', jsonPlaceAt(file, ['upstreams', name]), { name });
  }
};

/** The lock of a file; undefined, with findings, if it cannot be believed. */
export const readLockFile = (file: SourceFile, config: Configuration, report: Report): Lock | undefined => {
  const value = readJson(file, report)?.value;
  if (value === undefined) return undefined;
  const placeOf = (path: Path) => jsonPlaceAt(file, path);
  const version = isObject(value) ? value.lockVersion : undefined;
  if (typeof version === 'number' && version !== LOCK_VERSION) {
    report('GW7001', placeOf(['lockVersion']), { version: String(version), known: LOCK_VERSION });
    return undefined;
  }
  let sound = true;
  const told: Report = (code, place, data, extras) => {
    sound = false;
    report(code, place, data, extras);
  };
  if (!checkShape(value, (path, problem) => told('GW7000', placeOf(path), { problem }))) return undefined;
  checkHashes(value, placeOf, told);
  const differs = sound ? firstDifference(file, lockText(value)) : undefined;
  if (differs !== undefined) told('GW7003', { file, start: differs, end: differs + 1 }, {});
  if (!sound) return undefined;
  checkUpstreams(value, file, config, report);
  return value;
};
