/**
 * A modern upstream that asks before it answers (MCP 2026-07-28, basic/patterns/mrtr), for a client that is asked by
 * requests of its own: each round asks all at once on the stream of the call, and makes the call again with the answers.
 */
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import { membersAt, memberText, walkMessage } from '../../json-members.ts';
import { upstreamError } from '../../upstream/failure.ts';
import { isObject } from '../../upstream/message.ts';
import { type Asked, adaptAsk, whyNotAsked } from '../bridge/older/ask.ts';
import type { Call, InputRequired } from '../call.ts';
import { resultText } from '../client-reply.ts';
import { isSound, labelled, labelOf } from '../input/input-request.ts';
import type { Message } from '../message.ts';
import { applyEdits, replaceMember, rewriteObject } from '../splice.ts';
import type { Session } from './session.ts';
import type { Answer } from './session-asks.ts';

/** Rounds of one call; more is an upstream that asks without end. */
export const MAX_ROUNDS = 8;
/** How long a client may take for the answers of one round: people answer. */
export const ROUND_TIMEOUT_MS = 600_000;
/** How soon a call is made again whose upstream asks for nothing but that. */
export const PACE_MS = 250;
/** What one round may ask for. */
const MAX_ASKS_PER_ROUND = 32;

const ROUND_MEMBERS: ReadonlySet<string> = new Set(['inputResponses', 'requestState']);

/** The same request with the answers, and the state as the upstream wrote it. */
const withInput = (
  message: Message,
  responsesText: string | undefined,
  stateText: string | undefined,
): Message => {
  const { root } = message.members;
  const added: [string, string][] = [];
  if (responsesText !== undefined) added.push(['inputResponses', responsesText]);
  if (stateText !== undefined) added.push(['requestState', stateText]);
  const params = rewriteObject(memberText(message.text, root, 'params')!, ROUND_MEMBERS, added);
  const text = applyEdits(message.text, [replaceMember(root, 'params', params)!]);
  const walked = walkMessage(text, Number.POSITIVE_INFINITY);
  if (typeof walked === 'string') throw upstreamError('upstream_protocol', `input with ${walked}`);
  return { ...message, text, members: walked };
};

/** Tells the client that its call came to nothing: a tool says so in its result, the others by an error. */
export const failInput = (call: Call, because: string): void => {
  const said = `Input that the upstream asked for could not be had: ${because}.`;
  if (call.method.kind !== 'target' || call.method.target !== 'tool') {
    call.reply.error(new GatewayError('input_unavailable', said, { rpcCode: RPC.upstream }));
    return;
  }
  call.exchange.record.outcome = 'input_unavailable';
  const text = JSON.stringify(said);
  call.reply.response(resultText(call.idText, `{"content":[{"type":"text","text":${text}}],"isError":true}`));
};

/** What a round asks, by the upstream's key. */
interface Question extends Asked {
  readonly keyText: string;
}

const questionsOf = (text: string, requests: unknown): Question[] => {
  if (!isObject(requests)) return [];
  const members = membersAt(text, 0);
  return members.keys.map((key, at) => {
    const request = requests[key];
    const params = isObject(request) && isObject(request.params) ? request.params : {};
    if (!isObject(request) || typeof request.method !== 'string' || !isSound(request.method, params))
      throw upstreamError('upstream_protocol', 'an input request that is none');
    const own = membersAt(text, members.starts[at]!);
    return {
      keyText: text.slice(members.keyStarts[at], members.starts[at]).replace(/\s*:\s*$/, ''),
      method: request.method,
      params,
      paramsText: memberText(text, own, 'params'),
    };
  });
};

/** Asks what one round asks, and waits for all answers. */
class Round {
  readonly #session: Session;
  readonly #call: Call;
  readonly #done: (responsesText: string) => void;
  readonly #answers: (string | undefined)[] = [];
  readonly #asks: string[] = [];
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;
  #over = false;

  constructor(session: Session, call: Call, done: (responsesText: string) => void) {
    this.#session = session;
    this.#call = call;
    this.#done = done;
    this.#timer = setTimeout(() => this.#fail('the client did not answer in time'), ROUND_TIMEOUT_MS).unref();
  }

  /** `because`: what the client is told of those that it need not answer any more. */
  cancel(because: string): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    for (const idText of this.#asks) {
      const told = this.#session.asks.retract(idText, because);
      if (told !== undefined) this.#call.reply.message(told);
    }
  }

  ask(questions: readonly Question[], label: string): void {
    const adapted = questions.map((question) => ({
      question,
      ask: adaptAsk(this.#session.version, question),
    }));
    for (const { ask } of adapted)
      if (typeof ask === 'string') {
        this.#fail(ask);
        return;
      }
    this.#waiting = adapted.length;
    for (const [at, { question, ask }] of adapted.entries()) {
      if (typeof ask === 'string') continue;
      const told =
        ask.paramsText === undefined ? undefined : labelled(ask.paramsText, question.params, label);
      const posed = this.#session.asks.pose(question.method, told, this.#call.idText, (answer) =>
        this.#answered(at, question, answer, ask.readResult),
      );
      if (posed === undefined) {
        this.#fail('too much is asked at once');
        return;
      }
      this.#asks.push(posed.idText);
      this.#call.reply.message(posed.text);
    }
  }

  #answered(
    at: number,
    { keyText }: Question,
    answer: Answer,
    readResult: ((resultText: string) => string) | undefined,
  ): void {
    if (this.#over) return;
    if (answer.kind === 'error') {
      this.#fail(`the client answered: ${answer.message}`);
      return;
    }
    this.#answers[at] = `${keyText}:${readResult === undefined ? answer.text : readResult(answer.text)}`;
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#done(`{${this.#answers.join(',')}}`);
  }

  #fail(because: string): void {
    this.cancel(because);
    failInput(this.#call, because);
  }
}

const again = (call: Call, required: InputRequired, message: () => Message): void => {
  try {
    required.retry(message());
  } catch (thrown) {
    call.reply.error(asGatewayError(thrown));
  }
};

/** Asks the session's client for what an upstream requires, and makes the call again. Answers it in every case. */
export const runInputRound = (session: Session, call: Call, required: InputRequired): void => {
  const { response, round, upstream } = required;
  const text = memberText(response.text, response.root, 'result')!;
  const members = membersAt(text, 0);
  const stateText = memberText(text, members, 'requestState');
  const requestsText = memberText(text, members, 'inputRequests') ?? '{}';
  const questions = questionsOf(requestsText, response.result!.inputRequests);
  const { requestState } = response.result!;
  if (requestState !== undefined && typeof requestState !== 'string')
    throw upstreamError('upstream_protocol', 'a request state that is no text');
  if (call.method.kind !== 'target' || (questions.length === 0 && stateText === undefined))
    throw upstreamError('upstream_protocol', 'input is required where it cannot be, or none is named');
  if (round > MAX_ROUNDS) {
    failInput(call, `the upstream asked ${MAX_ROUNDS} times without an end`);
    return;
  }
  if (questions.length === 0) {
    const timer = setTimeout(
      () => again(call, required, () => withInput(call.message, undefined, stateText)),
      PACE_MS,
    );
    call.onCancellable(() => clearTimeout(timer));
    return;
  }
  const { features } = call.server.node;
  const refused = questions.map((question) => whyNotAsked(session.client, question, features));
  const because =
    refused.find((reason) => reason !== undefined) ??
    (questions.length > MAX_ASKS_PER_ROUND ? 'too much is asked at once' : undefined);
  if (because !== undefined) {
    failInput(call, because);
    return;
  }
  const asking = new Round(session, call, (responsesText) =>
    again(call, required, () => withInput(call.message, responsesText, stateText)),
  );
  call.onCancellable((reason) => asking.cancel(reason ?? 'the call is over'));
  asking.ask(questions, labelOf(call, upstream));
};
