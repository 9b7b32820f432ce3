/** JSON-RPC batches, which only 2025-03-26 knows: split, run one by one, answered as one array. */
import { GatewayError, RPC } from '../../errors.ts';
import { elementsAt } from '../../json-members.ts';
import type { Exchange, WebExchange } from '../../listen/exchange.ts';
import { errorResponse, replyEmpty, replyError, replyJson } from '../../listen/reply.ts';
import type { Link } from '../../upstream/link.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import { refuseRequest } from '../ask.ts';
import type { InputSource } from '../call.ts';
import { hasModernClaim } from '../classify.ts';
import type { ClientReply } from '../client-reply.ts';
import { isRefused, type Message, readMessage } from '../message.ts';
import type { Place, PreparedServer } from '../server.ts';
import { failInput } from './input-round.ts';
import { takeNotification } from './notification.ts';
import { sessionOf } from './serve-legacy.ts';
import type { Session } from './session.ts';
import { idInUse, serveRequest, sessionCall } from './session-call.ts';

const BATCH_VERSION = '2025-03-26';
const MAX_ELEMENTS = 100;

const refused = (message: string): GatewayError =>
  new GatewayError('invalid_request', message, { status: 400, rpcCode: RPC.invalidRequest });

/** There is no stream that a request to the client could go out on. */
const NO_INPUT: InputSource = {
  requireInput: (call) => failInput(call, 'a call in a batch cannot ask the client'),
};

/** Collects one element's answer. Requests and notifications of upstreams have no place in a batch. */
class BatchReply implements ClientReply {
  readonly #exchange: Exchange;
  readonly #session: Session;
  readonly #idText: string;
  readonly #done: (text: string | undefined) => void;
  #isOver = false;
  headers: readonly string[] = [];

  constructor(
    exchange: Exchange,
    session: Session,
    idText: string,
    done: (text: string | undefined) => void,
  ) {
    this.#exchange = exchange;
    this.#session = session;
    this.#idText = idText;
    this.#done = done;
  }

  stream(): void {}
  suspend(): void {}
  message(): void {}

  response(text: string): void {
    this.#end(text);
  }

  abandon(): void {
    this.#end(undefined);
  }

  error(error: GatewayError): void {
    this.#end(errorResponse(this.#exchange, error, this.#idText));
  }

  /** Once: a second end would be counted as that of another element. */
  #end(text: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session.finished(this.#idText);
    this.#done(text);
  }
}

/** The messages of an array, whose text is `text` and whose parsed value is `values`, or why it is no batch. */
export const readBatch = (
  text: string,
  values: readonly unknown[],
  maxDepth: number,
): Message[] | GatewayError => {
  if (values.length === 0 || values.length > MAX_ELEMENTS) return refused('the batch is empty or too long');
  const messages: Message[] = [];
  for (const [at, [start, end]] of elementsAt(text, 0).entries()) {
    const message = readMessage(text.slice(start, end), values[at], maxDepth);
    if (isRefused(message)) return message.error;
    if (hasModernClaim(message)) return refused('a message of this revision cannot be part of a batch');
    if (message.method === 'initialize') return refused('initialize cannot be part of a batch');
    messages.push(message);
  }
  return messages;
};

/** Serves a POST whose body is an array. */
export const serveBatch = (
  place: Place,
  exchange: WebExchange,
  text: string,
  values: readonly unknown[],
): void => {
  const { server } = place;
  exchange.record.era = 'legacy';
  exchange.record.method = 'batch';
  const messages = readBatch(text, values, place.json.depth);
  if (messages instanceof GatewayError || !server.legacyVersions.includes(BATCH_VERSION)) {
    replyError(exchange, messages instanceof GatewayError ? messages : refused('batches are not supported'));
    return;
  }
  const session = sessionOf(server, exchange);
  if (session instanceof GatewayError) {
    replyError(exchange, session);
    return;
  }
  const unfit = notForBatches(session);
  if (unfit !== undefined) {
    replyError(exchange, unfit);
    return;
  }
  runBatch(server, exchange, session, messages, (answers) => {
    if (answers === undefined) replyEmpty(exchange, 202);
    else replyJson(exchange, 200, answers);
  });
};

/** Why a session's client may send no batch. */
export const notForBatches = ({ version }: Session): GatewayError | undefined =>
  version === BATCH_VERSION ? undefined : refused('batches are not part of this revision');

/** Runs the messages of a batch. Calls `done` once, with the JSON text of all answers or, without any, nothing. */
export const runBatch = (
  server: PreparedServer,
  exchange: Exchange,
  session: Session,
  messages: readonly Message[],
  done: (answers: string | undefined) => void,
): void => {
  const requests = messages.filter(({ kind }) => kind === 'request');
  const answers: string[] = [];
  let waiting = requests.length;
  for (const message of messages) {
    if (message.kind === 'notification') takeNotification(session, message);
    if (message.kind === 'response') session.asks.answer(message.idText!, message.text);
  }
  exchange.record.outcome = 'ok';
  if (requests.length === 0) {
    done(undefined);
    return;
  }
  const answered = (answer: string | undefined): void => {
    if (answer !== undefined) answers.push(answer);
    waiting -= 1;
    if (waiting === 0) done(answers.length > 0 ? `[${answers.join(',')}]` : undefined);
  };
  for (const message of requests) {
    const idText = message.idText!;
    const reply = new BatchReply(exchange, session, idText, answered);
    const call = sessionCall(server, exchange, session, message, reply);
    const unasked = {
      ...call,
      client: { ...call.client, capabilitiesText: '{}' },
      input: NO_INPUT,
      besides: (link: Link, _text: string, asked: UpstreamMessage) => refuseRequest(link, asked),
    };
    if (!serveRequest(unasked)) answered(errorResponse(exchange, idInUse(), idText));
  }
};
