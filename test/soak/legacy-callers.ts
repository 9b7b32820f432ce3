/** Callers of 2025-11-25, in sessions. */
import type { Agent } from 'node:http';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { ask, DEADLINE_MS, outcomeOf, type Reply } from './ask.ts';
import type { Call, Caller, World } from './caller.ts';
import { ANSWERED, Cut, Late, type Outcome } from './outcome.ts';
import { between } from './random.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const REVISION = '2025-11-25';
const CALLS_OF_A_SESSION = 8;

const post = (url: string, agent: Agent, headers: object, message: object): Promise<Reply> =>
  ask(url, agent, {
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });

interface Session {
  readonly headers: Readonly<Record<string, string>>;
}

class Sessions {
  readonly #world: World;
  readonly #url: string;
  #session: Session | undefined;
  #calls = 0;

  constructor(world: World, server: string) {
    this.#world = world;
    this.#url = world.url(server);
  }

  get url(): string {
    return this.#url;
  }

  /** The session that is open, or a new one; an outcome where none can be had. */
  async session(): Promise<Session | Outcome> {
    if (this.#calls >= CALLS_OF_A_SESSION) await this.close();
    this.#calls += 1;
    if (this.#session !== undefined) return this.#session;
    const params = {
      protocolVersion: REVISION,
      capabilities: { elicitation: {} },
      clientInfo: { name: 'soak', version: '1.0.0' },
    };
    const { agent } = this.#world;
    const opened = await post(this.#url, agent, {}, { id: 0, method: 'initialize', params });
    const id = opened.headers['mcp-session-id'];
    if (typeof id !== 'string') return outcomeOf(opened, () => false);
    const headers = { 'mcp-session-id': id, 'mcp-protocol-version': REVISION };
    this.#session = { headers };
    await post(this.#url, agent, headers, { method: 'notifications/initialized' });
    return this.#session;
  }

  /** The next call opens another. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#calls = 0;
    if (session === undefined) return;
    await ask(this.#url, this.#world.agent, { method: 'DELETE', headers: session.headers }).catch(
      () => undefined,
    );
  }
}

const isOutcome = (got: Session | Outcome): got is Outcome => 'kind' in got;

const inSession = (
  sessions: Sessions,
  call: (session: Session) => Promise<Outcome>,
): { readonly run: () => Promise<Outcome>; readonly close: () => Promise<void> } => ({
  run: async () => {
    let outcome: Outcome | undefined;
    try {
      const session = await sessions.session();
      outcome = isOutcome(session) ? session : await call(session);
      return outcome;
    } finally {
      if (outcome?.kind !== 'answered') await sessions.close();
    }
  },
  close: () => sessions.close(),
});

const calls = (world: World): Call => {
  const sessions = new Sessions(world, 'steady');
  return inSession(sessions, async ({ headers }) => {
    const number = between(world.random, 0, 1e9);
    const params = { name: 'echo', arguments: { number } };
    const message = { id: 1, method: 'tools/call', params };
    const reply = await post(sessions.url, world.agent, headers, message);
    // A session that ended with its thread: the client begins anew.
    if (reply.status === 404) return { kind: 'coded', code: 'session 404' };
    return outcomeOf(reply, (result) => JSON.stringify(result).includes(String(number)));
  });
};

const withinDeadline = async <T>(work: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Late()), DEADLINE_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Is asked for a name within the stream of its call. */
const elicited = async (sessions: Sessions, agent: Agent, session: Session): Promise<Outcome> => {
  const call = { id: 1, method: 'tools/call', params: { name: 'order', arguments: { item: 'tea' } } };
  const stream = await EventStreamClient.open(
    sessions.url,
    { method: 'POST', headers: { ...HEADERS, ...session.headers } },
    JSON.stringify({ jsonrpc: '2.0', ...call }),
  );
  try {
    const first = await stream.message(({ method, id }) => method === 'elicitation/create' || id === 1);
    if (first.method === undefined) return outcomeOfMessage(first);
    const result = { action: 'accept', content: { name: 'Ada' } };
    await post(sessions.url, agent, session.headers, { id: first.id, result });
    return outcomeOfMessage(await stream.message(({ id, method }) => id === 1 && method === undefined));
  } finally {
    stream.close();
  }
};

const outcomeOfMessage = (message: object): Outcome =>
  outcomeOf({ status: 200, headers: {}, text: JSON.stringify(message), messages: [message] }, (result) =>
    JSON.stringify(result).includes('Ada'),
  );

const elicitations = (world: World): Call => {
  const sessions = new Sessions(world, 'asking');
  return inSession(sessions, (session) =>
    withinDeadline(elicited(sessions, world.agent, session)).catch((thrown: Error): Outcome => {
      const refused = /^no stream: (\d+)$/.exec(thrown.message)?.[1];
      if (refused !== undefined) return { kind: 'coded', code: `status ${refused}` };
      if (thrown instanceof Late) throw thrown;
      throw new Cut(thrown.message);
    }),
  );
};

/** Opens a session, is told its state by a ping, and ends it. */
const visits = (world: World): Call => {
  const sessions = new Sessions(world, 'steady');
  return {
    run: async () => {
      const session = await sessions.session();
      if (isOutcome(session)) return session;
      await sessions.close();
      return ANSWERED;
    },
  };
};

export const LEGACY_CALLERS: readonly Caller[] = [
  {
    name: 'call in a session, steady upstream',
    count: 3,
    pauseMs: 80,
    excuses: { during: ['thread killed'] },
    open: calls,
  },
  {
    name: 'session opened and ended, steady upstream',
    count: 1,
    pauseMs: 200,
    excuses: { during: ['thread killed'] },
    open: visits,
  },
  {
    name: 'elicitation in a session, legacy upstream',
    count: 2,
    pauseMs: 200,
    excuses: { codes: 'any', during: ['thread killed', 'asking upstream killed'] },
    open: elicitations,
  },
];
