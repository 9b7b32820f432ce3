/** `gatewright keys`: makes, lists, rotates and revokes API keys. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { API_KEY_ID, makeApiKey } from '../runtime/identity/api-key.ts';
import { NAME_PATTERN } from '../schema/config/value.ts';
import { durationMs } from '../schema/unit.ts';
import { IO_ERROR, OK, USAGE_ERROR } from './exit-code.ts';
import type { Command, CommandIo } from './io.ts';
import { editKeysFile, type KeyRecord, KeysFileError, readKeysFile } from './keys-file.ts';
import { KEYS } from './manual/keys.ts';
import { revokeRunning } from './revoke-running.ts';

const USAGE = `usage: gatewright keys add --server <name>… [--role <name>…] [--tenant <name>] [--expires 90d|<date>] [--id <id>]
       gatewright keys list
       gatewright keys rotate <id> [--overlap 24h] [--expires 90d|<date>] [--new-id <id>]
       gatewright keys revoke <id> [--gateway <url>… [--identity <name>]]
       each with --file <path>, by default keys.yaml
`;

const REFUSED = 1;

/** A command line that cannot be meant. */
class UsageError extends Error {}

/** What is typed is right, but the keys are not such that it can be done. */
class RefusedError extends Error {}

/** A running gateway could not be told. */
class UnreachedError extends Error {}

interface Context {
  readonly args: readonly string[];
  readonly io: CommandIo;
  readonly nowMs: number;
}

const { file: FILE, ...OWN } = KEYS.options;

const parse = <O extends ParseArgsOptionsConfig>({ args }: Context, options: O, positionals: 0 | 1) => {
  const parsed = (() => {
    try {
      return parseArgs({ args: [...args], options: { file: FILE, ...options }, allowPositionals: true });
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  })();
  if (parsed.positionals.length !== positionals) {
    throw new UsageError(positionals === 1 ? 'name one key' : `unexpected \`${parsed.positionals[0]}\``);
  }
  return parsed;
};

const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The last second that RFC 3339 can say. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A span from now, a day (its last second, UTC) or an instant, as milliseconds since the epoch. */
const expiryMs = (text: string, nowMs: number): number => {
  const spanMs = durationMs(text);
  const endMs =
    spanMs === undefined
      ? Date.parse(DATE.test(text) ? `${text}T23:59:59Z` : DATE_TIME.test(text) ? text : '')
      : nowMs + spanMs;
  const isReal = endMs <= LAST_MS && (!DATE.test(text) || instant(endMs).startsWith(text));
  if (!isReal) throw new UsageError(`\`${text}\` is neither a time like 90d nor a date like 2027-06-30`);
  if (endMs <= nowMs) throw new UsageError(`\`${text}\` is in the past`);
  return endMs;
};

const checkId = (id: string): string => {
  if (API_KEY_ID.test(id)) return id;
  throw new UsageError(`\`${id}\` is no id: use letters and digits, at most 64`);
};

const SERVER = new RegExp(NAME_PATTERN);
const LABEL = /^[\p{L}\p{N}_.:/@+-]{1,128}$/u;

const checkName = (kind: 'server' | 'role' | 'tenant', name: string): string => {
  if ((kind === 'server' ? SERVER : LABEL).test(name)) return name;
  throw new UsageError(`\`${name}\` is no name of a ${kind}`);
};

const told = ({ id, servers, notAfter }: KeyRecord): string =>
  `\`${id}\` for ${servers.join(', ')}${notAfter === undefined ? '' : ` until ${notAfter}`}`;

const add = async (context: Context): Promise<void> => {
  const { io, nowMs } = context;
  const { server, role, tenant, expires, id: ownId } = OWN;
  const { values } = parse(context, { server, role, tenant, expires, id: ownId }, 0);
  if (values.server === undefined) throw new UsageError('name the servers that the key opens: --server');
  const id = checkId(values.id ?? `k${randomBytes(6).toString('hex')}`);
  const { key, hash } = makeApiKey(id);
  const record: KeyRecord = {
    id,
    hash,
    servers: [...new Set(values.server.map((name) => checkName('server', name)))],
    ...(values.role && { roles: [...new Set(values.role.map((name) => checkName('role', name)))] }),
    ...(values.tenant !== undefined && { tenant: checkName('tenant', values.tenant) }),
    ...(values.expires !== undefined && { notAfter: instant(expiryMs(values.expires, nowMs)) }),
  };
  await editKeysFile(resolve(io.cwd, values.file), (keys) => {
    if (keys.find(id) !== undefined) throw new RefusedError(`there is a key \`${id}\` already`);
    keys.add(record);
  });
  io.out(`${key}\n`);
  io.err(`added ${told(record)}; the key is shown this once\n`);
};

const isOver = ({ notAfter }: KeyRecord, nowMs: number): boolean =>
  notAfter !== undefined && !(Date.parse(notAfter) > nowMs);

const list = async (context: Context): Promise<void> => {
  const { values } = parse(context, {}, 0);
  const { records } = await readKeysFile(resolve(context.io.cwd, values.file));
  const rows = records.map((record) => [
    record.id,
    record.servers.join(','),
    (record.roles ?? []).join(','),
    record.tenant ?? '',
    `${record.notAfter ?? ''}${isOver(record, context.nowMs) ? ' (over)' : ''}`,
  ]);
  const table = [['ID', 'SERVERS', 'ROLES', 'TENANT', 'NOT AFTER'], ...rows].map((row) =>
    row.map((cell) => cell.replace(/\p{C}/gu, '?')),
  );
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    context.io.out(`${line.trimEnd()}\n`);
  }
};

/** After `bot` comes `bot2`, after `bot2` `bot3`: the first that is free. */
const successorOf = (id: string, isTaken: (id: string) => boolean): string => {
  const [, base = id, counted] = /^(.+?)([2-9]|[1-9]\d{1,2})?$/.exec(id) ?? [];
  const stem = base.slice(0, 56);
  for (let number = Number(counted ?? 1) + 1; ; number++) {
    if (!isTaken(`${stem}${number}`)) return `${stem}${number}`;
  }
};

const rotate = async (context: Context): Promise<void> => {
  const { io, nowMs } = context;
  const { overlap, expires, 'new-id': successor } = OWN;
  const { values, positionals } = parse(context, { overlap, expires, 'new-id': successor }, 1);
  const oldId = positionals[0] as string;
  const overlapMs = durationMs(values.overlap);
  if (overlapMs === undefined || nowMs + overlapMs > LAST_MS)
    throw new UsageError(`\`${values.overlap}\` is no time like 24h`);
  const newId = values['new-id'] === undefined ? undefined : checkId(values['new-id']);
  const notAfter = values.expires === undefined ? undefined : instant(expiryMs(values.expires, nowMs));
  const rotated = await editKeysFile(resolve(io.cwd, values.file), (keys) => {
    const old = keys.find(oldId);
    if (old === undefined) throw new RefusedError(`there is no key \`${oldId}\``);
    if (old.notAfter !== undefined && notAfter === undefined) {
      throw new RefusedError(`\`${oldId}\` has an end: say when its successor's is, with --expires`);
    }
    const id = newId ?? successorOf(oldId, (taken) => keys.find(taken) !== undefined);
    if (keys.find(id) !== undefined) throw new RefusedError(`there is a key \`${id}\` already`);
    const { key, hash } = makeApiKey(id);
    const { notAfter: _, ...rest } = old;
    const record: KeyRecord = { ...rest, id, hash, ...(notAfter !== undefined && { notAfter }) };
    const oldEndMs = old.notAfter === undefined ? Number.POSITIVE_INFINITY : Date.parse(old.notAfter);
    const endMs = Math.min(oldEndMs, nowMs + overlapMs);
    keys.setNotAfter(oldId, instant(endMs));
    keys.add(record);
    return { key, record, endMs };
  });
  io.out(`${rotated.key}\n`);
  io.err(`added ${told(rotated.record)}; the key is shown this once\n`);
  io.err(`\`${oldId}\` is good until ${instant(rotated.endMs)}\n`);
};

const revokeAt = async (
  { io }: Context,
  url: string,
  { key, identity }: { readonly key: string; readonly identity: string | undefined },
): Promise<void> => {
  const order = { key, ...(identity === undefined ? {} : { identity }) };
  const holds = await revokeRunning(url, io.env.GATEWRIGHT_TOKEN, order).catch((error: Error) => {
    throw new UnreachedError(`${error.message}; the file is as it was`);
  });
  const where = holds === 'everywhere' ? 'there and at all that share its store' : 'there';
  io.err(`\`${key}\` is refused at ${url}: ${where}\n`);
};

const revoke = async (context: Context): Promise<void> => {
  const { gateway, identity } = OWN;
  const { values, positionals } = parse(context, { gateway, identity }, 1);
  const id = positionals[0] as string;
  // First where it is refused at once, then for good.
  for (const url of values.gateway ?? [])
    await revokeAt(context, url, { key: id, identity: values.identity });
  if (values.gateway !== undefined)
    context.io.err(`a new key called \`${id}\` would be refused as well: give it another id\n`);
  await editKeysFile(resolve(context.io.cwd, values.file), (keys) => {
    if (keys.find(id) === undefined) throw new RefusedError(`there is no key \`${id}\``);
    keys.remove(id);
  });
  context.io.err(`revoked \`${id}\`\n`);
};

const COMMANDS = new Map([
  ['add', add],
  ['list', list],
  ['rotate', rotate],
  ['revoke', revoke],
]);

/** The command at a moment of its own. Exit codes: 0 done, 1 refused, 2 usage, 3 the file or a gateway cannot be had. */
export const keysAt = async (args: readonly string[], io: CommandIo, nowMs: number): Promise<number> => {
  const [word = '', ...rest] = args;
  try {
    const command = COMMANDS.get(word);
    if (command === undefined) throw new UsageError(word === '' ? 'say what to do' : `unknown \`${word}\``);
    await command({ args: rest, io, nowMs });
    return OK;
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`error: ${error.message}\n${USAGE}`);
      return USAGE_ERROR;
    }
    const isUnreached = error instanceof UnreachedError;
    if (!(error instanceof RefusedError || error instanceof KeysFileError || isUnreached)) throw error;
    io.err(`error: ${error.message}\n`);
    return isUnreached || (error instanceof KeysFileError && error.kind === 'io') ? IO_ERROR : REFUSED;
  }
};

/** `gatewright keys`. */
export const keys: Command = (args, io) => keysAt(args, io, Date.now());
