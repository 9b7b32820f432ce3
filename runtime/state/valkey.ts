/** A Valkey or Redis server as the store that replicas share. */
import { createHash } from 'node:crypto';
import { createClient, ErrorReply } from '@redis/client';
import type { StateNode } from '../../schema/graph/graph.ts';
import type { Log } from '../observe/log.ts';
import type { CountVerdict } from '../traffic/counter.ts';
import { Gcra } from '../traffic/gcra.ts';
import { ANSWERS, COUNT_SCRIPT } from './count-script.ts';
import { PLACE_ANSWERS, PLACE_SCRIPT } from './place-script.ts';
import { quotaArguments } from './quota-script.ts';
import { rateArguments } from './rate-script.ts';
import { REPLICA_SCRIPT } from './replica-script.ts';
import {
  type CountedKey,
  type PlaceAnswer,
  type PlaceStep,
  type Replica,
  type StateStore,
  StoreAway,
} from './state-store.ts';
import type { StoredTable } from './stored-table.ts';
import { type RunScript, valkeyTable } from './valkey-table.ts';

export interface ValkeyOptions {
  readonly log: Pick<Log, 'error' | 'info'>;
  /** Told at first and whenever it changes whether the server answers. */
  readonly onUp: (isUp: boolean) => void;
}

const CONNECT_TIMEOUT_MS = 2000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2000;
/** Nobody waits for what is asked of tables, and it may be long. */
const TABLE_TIMEOUT_MS = 400;
/** A connection that has said nothing for so long, although it was asked, is given up. */
const SILENT_MS = 500;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
/** A script with the name under which a server remembers it. */
const script = (text: string) => ({ text, id: createHash('sha1').update(text).digest('hex') });
const COUNT = script(COUNT_SCRIPT);
const PLACES = script(PLACE_SCRIPT);
const REPLICAS = script(REPLICA_SCRIPT);

const newClient = ({ url, username, password }: StateNode) =>
  createClient({
    url,
    RESP: 2,
    ...(username === undefined ? undefined : { username }),
    ...(password === undefined ? undefined : { password }),
    disableOfflineQueue: true,
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_TIMEOUT_MS },
  });

type Client = ReturnType<typeof newClient>;

/** Connects at once, and anew whenever the connection is lost. Nothing waits for it but the first attempt. */
class Valkey implements StateStore {
  readonly onUnavailable: StateNode['onUnavailable'];
  /** Settles when the first attempt to connect is over, however it went. */
  readonly tried: Promise<void>;
  readonly #node: StateNode;
  readonly #options: ValkeyOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** Since when there is no answer to what was asked. */
  #silentSinceMs: number | undefined;
  #awaySinceMs: number | undefined;
  #closed = false;

  constructor(node: StateNode, options: ValkeyOptions) {
    this.onUnavailable = node.onUnavailable;
    this.#node = node;
    this.#options = options;
    this.#options.onUp(false);
    this.tried = this.#connect();
  }

  get isUp(): boolean {
    return this.#client !== undefined;
  }

  async count(limits: readonly CountedKey[]): Promise<readonly CountVerdict[]> {
    const names = limits.map((limit) => this.#countKey(limit));
    const given = [String(names.length), ...names, ...limits.flatMap(countArguments)];
    const answer = (await this.#ask((client) => runScript(client, COUNT, given))) as readonly unknown[];
    return limits.map((limit, at) => {
      const [passes, first, second] = answer.slice(at * ANSWERS, (at + 1) * ANSWERS).map(Number);
      return verdictOf(limit, passes === 1, first!, second!);
    });
  }

  #countKey({ node, key }: CountedKey): string {
    return node.type === 'rate'
      ? this.#key('rate', `${node.name}:${node.count}:${node.periodMs}`, digest(key))
      : this.#key('quota', `${node.name}:${node.windowMs}`, digest(JSON.stringify([node.key, key])));
  }

  async places(steps: readonly PlaceStep[], leaseMs: number): Promise<readonly PlaceAnswer[]> {
    const keys = steps.flatMap(({ name }) => {
      const key = this.#key('places', digest(name));
      return [key, `${key}:waiting`];
    });
    const told = steps.flatMap(({ what, id, max, queue }) => [what, id, String(max), String(queue)]);
    const answers = await this.#run(PLACES, [String(keys.length), ...keys, String(leaseMs), ...told]);
    return (answers as readonly number[]).map((answer) => PLACE_ANSWERS[answer]!);
  }

  async useOnce(name: string, forMs: number): Promise<boolean> {
    const command = ['SET', this.#key('once', digest(name)), '1', 'NX', 'PX', String(Math.ceil(forMs))];
    return (await this.#ask((client) => client.sendCommand(command))) !== null;
  }

  announce({ id, address }: Replica, forMs: number): Promise<readonly Replica[]> {
    return this.#askReplicas('announce', id, address, String(forMs));
  }

  replicas(): Promise<readonly Replica[]> {
    return this.#askReplicas('list');
  }

  async leave(id: string): Promise<void> {
    await this.#askReplicas('leave', id);
  }

  async #askReplicas(...given: readonly string[]): Promise<readonly Replica[]> {
    const whole = ['1', this.#key('replicas'), ...given];
    const flat = (await this.#ask((client) => runScript(client, REPLICAS, whole))) as readonly string[];
    return flat.flatMap((id, at) => (at % 2 === 0 ? [{ id, address: flat[at + 1]! }] : []));
  }

  table(name: string): StoredTable {
    const run: RunScript = (text, given) => this.#run(script(text), given, TABLE_TIMEOUT_MS);
    return valkeyTable(run, this.#key('table', name));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
    await this.tried;
  }

  #key(...parts: readonly string[]): string {
    return [this.#node.prefix, ...parts].join(':');
  }

  /** Runs a script that the server may refuse to this user: what others count does not suffer from that. */
  async #run(
    wanted: ReturnType<typeof script>,
    given: readonly string[],
    timeoutMs?: number,
  ): Promise<unknown> {
    const refused = (thrown: unknown): unknown => {
      if (thrown instanceof ErrorReply) return thrown;
      throw thrown;
    };
    const answer = await this.#ask((client) => runScript(client, wanted, given).catch(refused), timeoutMs);
    if (answer instanceof ErrorReply) throw new StoreAway(answer);
    return answer;
  }

  /** What the server answers within the deadline. */
  async #ask(
    command: (client: Client) => Promise<unknown>,
    timeoutMs: number = this.#node.timeoutMs,
  ): Promise<unknown> {
    const client = this.#client;
    if (client === undefined) throw new StoreAway('not connected');
    this.#silentSinceMs ??= performance.now();
    try {
      const answer = await within(timeoutMs, command(client));
      if (client === this.#client) this.#silentSinceMs = undefined;
      return answer;
    } catch (thrown) {
      const isLost = !(thrown instanceof Late) || this.#isSilent;
      if (isLost && client === this.#client) this.#lose(thrown);
      throw new StoreAway(thrown);
    }
  }

  get #isSilent(): boolean {
    return this.#silentSinceMs !== undefined && performance.now() - this.#silentSinceMs >= SILENT_MS;
  }

  async #connect(): Promise<void> {
    const client = newClient(this.#node);
    client.on('error', (error: unknown) => {
      if (client === this.#client) this.#lose(error);
    });
    try {
      await client.connect();
      // A server that may be asked and cannot answer, because it loads, is read-only or full, is no store yet.
      await within(
        CONNECT_TIMEOUT_MS,
        runScript(client, COUNT, ['1', this.#key('probe'), 'rate', '1000', '1', '1', '1']),
      );
    } catch (thrown) {
      if (client.isOpen) client.destroy();
      this.#away(thrown);
      return;
    }
    this.#back(client);
    if (this.#closed) this.#drop();
  }

  #back(client: Client): void {
    this.#client = client;
    this.#silentSinceMs = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    this.#options.onUp(true);
    if (this.#awaySinceMs === undefined) return;
    const awayMs = Math.round(performance.now() - this.#awaySinceMs);
    this.#awaySinceMs = undefined;
    this.#options.log.info('the state store is back', { store: this.#node.url, awayMs });
  }

  #lose(cause: unknown): void {
    this.#drop();
    this.#options.onUp(false);
    this.#away(cause);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client?.isOpen === true) client.destroy();
  }

  /** Tells of an outage once, and tries again. */
  #away(error: unknown): void {
    if (this.#closed) return;
    if (this.#awaySinceMs === undefined) {
      this.#awaySinceMs = performance.now();
      const { url, onUnavailable } = this.#node;
      this.#options.log.error('the state store is away', { store: url, onUnavailable, error });
    }
    // Replicas that lost the store together do not come back together.
    const waitMs = this.#retryMs * (0.5 + Math.random() / 2);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
    this.#timer = setTimeout(() => void this.#connect(), waitMs).unref();
  }
}

const countArguments = ({ node, cost }: CountedKey): readonly string[] =>
  node.type === 'rate' ? rateArguments(node, cost) : quotaArguments(node, cost);

const verdictOf = (
  { node, cost }: CountedKey,
  allowed: boolean,
  first: number,
  second: number,
): CountVerdict => {
  if (node.type === 'rate') return new Gcra(node).verdict(allowed, first, 0, cost);
  const remaining = Math.max(0, node.count - first);
  return { allowed, remaining, resetAfterMs: second, retryAfterMs: allowed ? 0 : second };
};

const runScript = async (
  client: Client,
  { id, text }: ReturnType<typeof script>,
  given: readonly string[],
): Promise<unknown> => {
  try {
    return await client.sendCommand(['EVALSHA', id, ...given]);
  } catch (thrown) {
    if (!(thrown instanceof Error) || !thrown.message.startsWith('NOSCRIPT')) throw thrown;
    return await client.sendCommand(['EVAL', text, ...given]);
  }
};

/** Nothing came in time. */
class Late extends Error {}

const within = <T>(timeoutMs: number, pending: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    // What came while this thread was busy is read first.
    const timer = setTimeout(() => setImmediate(() => reject(new Late('no answer in time'))), timeoutMs);
    pending.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** Resolves when the first attempt to connect is over; a server that is away is no failure. */
export const openValkey = async (node: StateNode, options: ValkeyOptions): Promise<StateStore> => {
  const store = new Valkey(node, options);
  await store.tried;
  return store;
};
