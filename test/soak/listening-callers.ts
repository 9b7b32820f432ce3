/** Callers that hold a stream open and expect to be told. */
import { EventStreamClient } from '../support/event-stream-client.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { DEADLINE_MS } from './ask.ts';
import type { Call, Caller, World } from './caller.ts';
import { ANSWERED, Cut, Late, type Outcome } from './outcome.ts';

const METHOD = 'subscriptions/listen';
const CHANGED = 'notifications/tools/list_changed';
const PARAMS = { notifications: { toolsListChanged: true } };

const openStream = async (url: string): Promise<EventStreamClient> => {
  try {
    return await EventStreamClient.open(
      url,
      { method: 'POST', headers: modernHeaders(METHOD, PARAMS, {}) },
      modernBody(METHOD, PARAMS, { id: 'sub' }),
    );
  } catch (error) {
    throw new Cut((error as Error).message);
  }
};

/** Each run waits until it is told of one change more; the stream stays the same for as long as it can. */
const listens = (world: World): Call => {
  let stream: EventStreamClient | undefined;
  const next = async (): Promise<Outcome> => {
    stream ??= await openStream(world.url('steady'));
    const open = stream;
    const { promise, reject } = Promise.withResolvers<never>();
    const late = setTimeout(() => reject(new Late()), DEADLINE_MS);
    try {
      await Promise.race([promise, open.message(({ method }) => method === CHANGED)]);
    } catch (thrown) {
      stream = undefined;
      open.close();
      throw thrown instanceof Late ? thrown : new Cut('the stream ended');
    } finally {
      clearTimeout(late);
    }
    open.events.length = 0;
    return ANSWERED;
  };
  return { run: next, close: async () => stream?.close() };
};

export const LISTENING_CALLERS: readonly Caller[] = [
  {
    name: 'change told on a stream, steady upstream',
    count: 6,
    pauseMs: 0,
    excuses: { during: ['thread killed'] },
    open: listens,
  },
];
