/** What a legacy upstream asks while it answers a call of a modern client. */
import { membersAt, memberText } from '../../json-members.ts';
import type { Link } from '../../upstream/link.ts';
import { idTextOf, isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { refuseRequest } from '../ask.ts';
import type { Call } from '../call.ts';
import { inputRequestText, labelOf, mayAsk } from '../input/input-request.ts';

/** A request of the upstream. */
export interface UpstreamAsk {
  readonly text: string;
  readonly message: UpstreamMessage;
}

/** One that the client may be asked. */
export interface Question {
  readonly message: UpstreamMessage;
  /** JSON text of the upstream's id. */
  readonly idText: string;
  /** As an input request. */
  readonly requestText: string;
  /** Whether the client has been asked. */
  asked: boolean;
}

/** Undefined: the client of `call` cannot be asked this. */
export const questionOf = (
  call: Call,
  upstream: string,
  { text, message }: UpstreamAsk,
): Question | undefined => {
  const method = String(message.method);
  if (call.method.kind !== 'target' || !mayAsk(call, method, message.params)) return undefined;
  const root = membersAt(text, 0);
  const idText = memberText(text, root, 'id');
  if (idText === undefined) return undefined;
  const label = labelOf(call, upstream);
  const requestText = inputRequestText(method, memberText(text, root, 'params'), message.params, label);
  return { message, idText, requestText, asked: false };
};

/** The upstream wants no answer any more. */
export const withdraw = (questions: Map<string, Question>, { params }: UpstreamMessage): void => {
  const idText = isObject(params) ? idTextOf(params.requestId) : undefined;
  if (idText === undefined) return;
  for (const [key, question] of questions) if (question.idText === idText) questions.delete(key);
};

/** Passes the client's answer on, or refuses what cannot be asked of who has come back. False: it waits for an answer yet. */
export const settle = (
  call: Call,
  link: Link,
  { message, idText, asked }: Question,
  answer: string | undefined,
): boolean => {
  const answered = asked ? answer : undefined;
  if (answered !== undefined) link.send(`{"jsonrpc":"2.0","id":${idText},"result":${answered}}`);
  else if (mayAsk(call, String(message.method), message.params)) return false;
  else refuseRequest(link, message);
  return true;
};
