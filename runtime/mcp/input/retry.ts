/** Retries: requests of modern clients that bring what was asked for (MCP 2026-07-28, patterns/mrtr). */
import { GatewayError, RPC } from '../../errors.ts';
import { walkMessage } from '../../json-members.ts';
import type { Exchange } from '../../listen/exchange.ts';
import type { Link } from '../../upstream/link.ts';
import type { Call } from '../call.ts';
import type { Message } from '../message.ts';
import type { PreparedServer } from '../server.ts';
import { applyEdits, dropMember, type Edit, replaceMember } from '../splice.ts';
import { openState, stateRefused } from './request-state.ts';
import { urlRetryRefusal } from './url-elicitation.ts';

/** Whether a request is, or claims to be, a retry. */
export const isRetry = ({ client, message: { params } }: Call): boolean =>
  client.era === 'modern' && (params.requestState !== undefined || params.inputResponses !== undefined);

const edited = (message: Message, edit: Edit): Message => {
  const text = applyEdits(message.text, [edit]);
  const members = walkMessage(text, Number.POSITIVE_INFINITY);
  if (typeof members === 'string') throw new Error(`a message that was sound is ${members}`);
  return { ...message, text, members };
};

/** The request as it was before it became a retry. */
const withoutAnswers = (message: Message): Message => {
  let plain = message;
  for (const key of ['inputResponses', 'requestState']) {
    const at = plain.members.params!.keys.indexOf(key);
    if (at >= 0) plain = edited(plain, dropMember(plain.members.params!, at));
  }
  return plain;
};

const elsewhere = (): GatewayError =>
  new GatewayError(
    'state_refused',
    'the call that waits for this input cannot be reached: send the request anew, without requestState',
    { rpcCode: RPC.invalidParams },
  );

const missing = (): GatewayError =>
  new GatewayError('state_refused', 'inputResponses come with the requestState that was given', {
    rpcCode: RPC.invalidParams,
  });

/** The peer at which the call that a request goes on with is open; undefined where that is none, or not known. */
export const parkedElsewhere = (
  server: PreparedServer,
  exchange: Exchange,
  message: Message,
): string | undefined => {
  const { requestState } = message.params;
  if (server.peers === undefined || requestState === undefined) return undefined;
  const state = openState({ server, exchange, message }, requestState);
  return state?.kind === 'parked' && state.owner !== server.parked.owner ? state.owner : undefined;
};

type Retried = Call | undefined;

/** What is to be sent for a retry of a call that wanted URLs, if its state was not used before. */
const retryUrl = (call: Call, rounds: number, isFirst: boolean): Retried => {
  const refusal = isFirst ? urlRetryRefusal(call) : stateRefused();
  if (refusal === undefined) return { ...call, message: withoutAnswers(call.message), urlRounds: rounds };
  call.reply.error(refusal);
  return undefined;
};

/**
 * The call that is to be sent over `link` for a retry. Undefined where none is: it went on with one that is open
 * already, or was refused. Then the call is answered. A promise only where replicas have to be asked.
 */
export const takeRetry = (call: Call, link: Link): Retried | Promise<Retried> => {
  const { message, server } = call;
  const refuse = (error: GatewayError): undefined => void call.reply.error(error);
  if (message.params.requestState === undefined) return link.era === 'modern' ? call : refuse(missing());
  const state = openState(call, message.params.requestState);
  switch (state?.kind) {
    case undefined:
      return refuse(stateRefused());
    case 'parked': {
      // What was decided just now was decided on another upstream.
      if (state.upstream !== link.upstream) return refuse(stateRefused());
      if (state.owner !== server.parked.owner) return refuse(elsewhere());
      const parked = server.parked.take(state.handle);
      if (parked === undefined) return refuse(stateRefused());
      parked.retried(call);
      return undefined;
    }
    case 'url': {
      if (state.upstream !== link.upstream) return refuse(stateRefused());
      const isFirst = server.parked.useOnce(state.nonce);
      return isFirst instanceof Promise
        ? isFirst.then((found) => retryUrl(call, state.rounds, found))
        : retryUrl(call, state.rounds, isFirst);
    }
    case 'upstream': {
      if (state.upstream !== link.upstream || link.era !== 'modern') return refuse(stateRefused());
      const edit = replaceMember(message.members.params!, 'requestState', state.stateText)!;
      return { ...call, message: edited(message, edit) };
    }
  }
};
