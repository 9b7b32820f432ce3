/** The file that API keys are kept in: `keys: [{id, hash, servers, roles?, tenant?, notAfter?}]`. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Document, isMap, isSeq, parseDocument, YAMLSeq } from 'yaml';

/** One key as written. */
export interface KeyRecord {
  readonly id: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  readonly servers: readonly string[];
  readonly roles?: readonly string[];
  readonly tenant?: string;
  /** RFC 3339. */
  readonly notAfter?: string;
}

/** Why a file cannot be used, in words for whoever typed the command. */
export class KeysFileError extends Error {
  /** `refused`: the content is at fault; `io`: the file system. */
  readonly kind: 'refused' | 'io';

  constructor(kind: 'refused' | 'io', message: string) {
    super(message);
    this.name = 'KeysFileError';
    this.kind = kind;
  }
}

const HEADER = ' API keys, written by `gatewright keys`. Only hashes are kept.';
const LOCK_WAIT_MS = 5_000;
const LOCK_RETRY_MS = 20;

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? error);

const ioError = (what: string, path: string, error: unknown) =>
  new KeysFileError('io', `cannot ${what} ${path}: ${codeOf(error)}`);

const textList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const SHA256 = /^[0-9a-f]{64}$/i;

const isRecord = (value: unknown): value is KeyRecord => {
  const { id, hash, servers, roles, tenant, notAfter } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof id === 'string' &&
    typeof hash === 'string' &&
    SHA256.test(hash) &&
    textList(servers) &&
    (roles === undefined || textList(roles)) &&
    (tenant === undefined || typeof tenant === 'string') &&
    (notAfter === undefined || (typeof notAfter === 'string' && !Number.isNaN(Date.parse(notAfter))))
  );
};

const isRecords = (value: unknown): boolean => Array.isArray(value) && value.every(isRecord);

/** The keys of one file, with the comments around them. */
export class KeysDocument {
  readonly #document: Document;
  readonly #entries: YAMLSeq;

  /** Parses the text of a keys file; an empty one has no keys. Throws a KeysFileError if it is something else. */
  constructor(text: string, path: string) {
    const document: Document = parseDocument(text);
    const [fault] = document.errors;
    if (fault !== undefined) throw new KeysFileError('refused', `${path}: ${fault.message.split('\n')[0]}`);
    if (document.contents === null) {
      document.contents = document.createNode({ keys: [] });
      document.commentBefore ??= HEADER;
    }
    if (!isMap(document.contents)) throw new KeysFileError('refused', `${path} is not a keys file`);
    const other = document.contents.items.map(({ key }) => String(key)).find((key) => key !== 'keys');
    if (other !== undefined)
      throw new KeysFileError(
        'refused',
        `${path} is not a keys file: it has ${JSON.stringify(other)} beside \`keys\``,
      );
    if (document.get('keys') == null) document.set('keys', new YAMLSeq());
    const entries = document.get('keys');
    if (!isSeq(entries) || !isRecords(entries.toJS(document))) {
      throw new KeysFileError('refused', `${path}: \`keys\` is not a list of keys`);
    }
    this.#document = document;
    this.#entries = entries;
  }

  get records(): readonly KeyRecord[] {
    return this.#entries.toJS(this.#document) as KeyRecord[];
  }

  find(id: string): KeyRecord | undefined {
    return this.records.find((record) => record.id === id);
  }

  add(record: KeyRecord): void {
    this.#entries.flow = false;
    this.#entries.add(this.#document.createNode(record));
  }

  /** Sets the end of a key that is there. */
  setNotAfter(id: string, notAfter: string): void {
    const entry = this.#entries.items[this.#indexOf(id)];
    if (isMap(entry)) entry.set('notAfter', notAfter);
  }

  remove(id: string): void {
    this.#entries.delete(this.#indexOf(id));
  }

  toString(): string {
    return this.#document.toString();
  }

  #indexOf(id: string): number {
    return this.records.findIndex((record) => record.id === id);
  }
}

/** Reads a keys file. Rejects with a KeysFileError. */
export const readKeysFile = async (path: string): Promise<KeysDocument> => {
  try {
    return new KeysDocument(await readFile(path, 'utf8'), path);
  } catch (error) {
    throw error instanceof KeysFileError ? error : ioError('read', path, error);
  }
};

const readOrCreate = async (path: string): Promise<KeysDocument> => {
  const exists = await stat(path).then(
    () => true,
    (error) => codeOf(error) !== 'ENOENT',
  );
  return exists ? readKeysFile(path) : new KeysDocument('', path);
};

const lock = async (path: string): Promise<string> => {
  const lockPath = `${path}.lock`;
  const deadlineMs = performance.now() + LOCK_WAIT_MS;
  while (true) {
    try {
      await (await open(lockPath, 'wx', 0o600)).close();
      return lockPath;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw ioError('write beside', path, error);
      if (performance.now() > deadlineMs) {
        throw new KeysFileError('io', `${lockPath} exists: if no other command is writing, remove it`);
      }
      await delay(LOCK_RETRY_MS);
    }
  }
};

/** Root may edit the file of the user that the gateway runs as; it must stay readable to that user. */
const keepOwner = async (handle: FileHandle, path: string): Promise<void> => {
  const before = await stat(path).catch(() => undefined);
  if (before === undefined || process.getuid?.() !== 0) return;
  await handle.chown(before.uid, before.gid);
};

const replace = async (path: string, text: string): Promise<void> => {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await keepOwner(handle, path);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw ioError('write', path, error);
  }
};

/**
 * Reads, edits and replaces a keys file as one step: other commands wait, readers see the old file or the new one,
 * whole, and it is readable to its owner alone. A link is followed, a missing file made. Nothing is written if
 * `edit` throws. Rejects with a KeysFileError where the file is at fault.
 */
export const editKeysFile = async <T>(path: string, edit: (keys: KeysDocument) => T): Promise<T> => {
  const target = await realpath(path).catch(() => path);
  const lockPath = await lock(target);
  try {
    const keys = await readOrCreate(target);
    const result = edit(keys);
    await replace(target, keys.toString());
    return result;
  } finally {
    await rm(lockPath, { force: true });
  }
};
