/** Finds the era of a fresh process and starts the conversation in it. */
import type { Era } from '../../../schema/graph/upstream.ts';
import {
  type Discovered,
  discoverRequest,
  INITIALIZED,
  initializedPeer,
  initializeRequest,
  readDiscover,
} from '../discovery.ts';
import { type Failure, upstreamError } from '../failure.ts';
import type { LegacyOpening, PeerInfo } from '../link.ts';
import { isObject, type Message } from '../message.ts';
import type { Conversation } from './conversation.ts';

const MAX_HANDSHAKE_BYTES = 4 * 1024 * 1024;

interface Handshake {
  readonly first: Era;
  /** Whether to go on to the other era where the first is not spoken. */
  readonly either: boolean;
  readonly opening: LegacyOpening;
  readonly timeoutMs: number;
}

/**
 * Sets era and peer of the conversation. An answer to `server/discover` that is no DiscoverResult, or none in half
 * the time, means the legacy era (MCP 2026-07-28, stdio); a late one still counts. Rejects with a GatewayError; the
 * process is the caller's to stop.
 */
export const shakeHands = async (conversation: Conversation, handshake: Handshake): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    const { timeoutMs } = handshake;
    timer = setTimeout(() => reject(upstreamError('upstream_timeout', `start: ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([negotiate(conversation, handshake), expired]);
  } finally {
    clearTimeout(timer);
  }
};

const negotiate = async (conversation: Conversation, handshake: Handshake): Promise<void> => {
  if (handshake.first === 'legacy') {
    const answer = await initialize(conversation, handshake.opening);
    if (isObject(answer.result)) return adoptLegacy(conversation, answer);
    if (!handshake.either) initializedPeer(answer);
    return adoptModern(conversation, await discover(conversation));
  }
  const discovering = discover(conversation);
  const early = await Promise.race([discovering, delay(handshake.timeoutMs / 2)]);
  if (early?.kind === 'modern') return adoptModern(conversation, early);
  if (!handshake.either) return adoptModern(conversation, early ?? (await discovering));
  const initializing = initialize(conversation, handshake.opening);
  const settled = await Promise.race<Settled>([
    initializing.then((answer) =>
      isObject(answer.result) ? { answer } : discovering.then((found) => ({ found })),
    ),
    discovering.then((found) =>
      found.kind === 'modern' ? { found } : initializing.then((answer) => ({ answer })),
    ),
  ]);
  if ('found' in settled) adoptModern(conversation, settled.found);
  else adoptLegacy(conversation, settled.answer);
};

type Settled = { readonly found: Discovered } | { readonly answer: Message };

const delay = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });

const discover = async (conversation: Conversation): Promise<Discovered> => {
  const id = conversation.nextId();
  return readDiscover(
    await asked(conversation, id, discoverRequest(id, conversation.traffic.context.gateway)),
  );
};

const initialize = (conversation: Conversation, opening: LegacyOpening): Promise<Message> => {
  const id = conversation.nextId();
  return asked(conversation, id, initializeRequest(id, opening));
};

const adoptModern = (conversation: Conversation, found: Discovered): void => {
  if (found.kind !== 'modern') throw upstreamError('upstream_protocol', `discovered: ${found.kind}`);
  adopt(conversation, 'modern', found.peer);
};

const adoptLegacy = (conversation: Conversation, answer: Message): void => {
  adopt(conversation, 'legacy', initializedPeer(answer));
  conversation.write(INITIALIZED);
};

const adopt = (conversation: Conversation, era: Era, peer: PeerInfo): void => {
  conversation.era = era;
  conversation.peer = peer;
};

/** The response to one request. Rejects if the process ends first. */
const asked = (conversation: Conversation, id: number, body: string): Promise<Message> => {
  const answer = new Promise<Message>((resolve, reject) => {
    const settle = (): void => conversation.forget(id);
    conversation.await(id, {
      isOwn: true,
      maxBytes: MAX_HANDSHAKE_BYTES,
      aside: () => undefined,
      respond: (_text, message) => {
        settle();
        resolve(message);
      },
      failed: (failure: Failure) => {
        settle();
        reject(failure.error);
      },
    });
    if (!conversation.write(body)) {
      settle();
      reject(upstreamError('upstream_unavailable', 'the process takes no input'));
    }
  });
  // Of two questions only one may be awaited to its end.
  answer.catch(() => undefined);
  return answer;
};
