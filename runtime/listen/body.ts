import { isUtf8 } from 'node:buffer';
import { clientKey } from '../../policies/listen/client-key.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { BodySink, WebExchange } from './exchange.ts';
import { readInTurn } from './large-bodies.ts';
import { Pieces } from './pieces.ts';
import { BODY_BLOCK_BYTES } from './shedding.ts';

/** While new work is refused, a body that comes in pieces and is larger is given up. */
const MAX_UNDER_PRESSURE_BYTES = 64 * 1024;

/** A body that is larger, and came in pieces, is read in turn with others. */
const LARGE_BODY_BYTES = 64 * 1024;

/** One that is larger, and came in pieces, keeps its room for as long as its request. */
export const LASTING_BODY_BYTES = 16 * 1024;

const refusal = (code: 'body_too_large' | 'unsupported_media_type' | 'body_timeout', message: string) =>
  new GatewayError(code, message, {
    status: { body_too_large: 413, unsupported_media_type: 415, body_timeout: 408 }[code],
    rpcCode: RPC.invalidRequest,
  });

const tooLarge = (maxBytes: number): GatewayError =>
  refusal('body_too_large', `request body is larger than ${maxBytes} bytes`);

const JSON_TYPE = /^application\/json[ \t]*(?:;|$)/i;
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*"?([^";, \t]*)/i;

/** Whether a Content-Type says JSON in UTF-8, whatever its other parameters. */
export const isJsonContentType = (contentType: string | undefined): boolean => {
  if (contentType === 'application/json') return true;
  if (contentType === undefined || !JSON_TYPE.test(contentType)) return false;
  const charset = CHARSET.exec(contentType)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
};

/** Why a request's body is refused from its headers alone; undefined: it may be read. */
const refusedByHeaders = (exchange: WebExchange, maxBytes: number): GatewayError | undefined => {
  const { headers } = exchange.request;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refusal('unsupported_media_type', 'content-encoding is not supported');
  }
  const length = headers['content-length'];
  if (length !== undefined && !(Number(length) <= maxBytes)) {
    return tooLarge(maxBytes);
  }
  return undefined;
};

/**
 * Throws away what still comes of a refused body, so that the reply reaches a client that is still sending
 * rather than being lost to a reset; a client that goes on for too long is cut off.
 */
export const discardBody = ({ request }: WebExchange): void => request.discard();

/** What a body is read for. */
interface BodyTarget {
  readonly exchange: WebExchange;
  readonly maxBytes: number;
  readonly onBody: (text: string) => void;
  readonly onError: (error: GatewayError) => void;
}

class BodyReader implements BodySink {
  readonly #target: BodyTarget;
  /** Its length, if that is known. */
  readonly #declaredBytes: number | undefined;
  /** A body that came at once, as most do. */
  #only: Buffer | undefined;
  #pieces: Pieces | undefined;
  #receivedBytes = 0;
  /** For which room was taken. */
  #heldBlocks = 0;
  /** What comes at once and is no larger takes no room. One connection of HTTP/2 has hundreds of requests. */
  readonly #freeBytes: number;
  #timer: NodeJS.Timeout | undefined;
  #done = false;

  constructor(target: BodyTarget) {
    this.#target = target;
    const isOne = target.exchange.request.httpVersionMajor === 1;
    this.#freeBytes = isOne ? Number.POSITIVE_INFINITY : BODY_BLOCK_BYTES;
    const length = target.exchange.request.headers['content-length'];
    if (length !== undefined) this.#declaredBytes = Number(length);
  }

  limit(ms: number): void {
    this.#timer = setTimeout(() => this.#fail(refusal('body_timeout', 'request body took too long')), ms);
  }

  onData(chunk: Buffer): void {
    if (this.#done) return;
    const { exchange, maxBytes } = this.#target;
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > maxBytes) this.#fail(tooLarge(maxBytes));
    else if (chunk.length === this.#declaredBytes && chunk.length <= this.#freeBytes) this.#only = chunk;
    else if (!this.#hold()) this.#fail(exchange.lifecycle.shedding.refusal());
    else if (chunk.length === this.#declaredBytes) this.#only = chunk;
    else {
      this.#pieces ??= new Pieces();
      this.#pieces.add(chunk);
    }
  }

  onEnd(): void {
    if (this.#done) return;
    const isLarge = this.#pieces !== undefined && this.#receivedBytes > LARGE_BODY_BYTES;
    this.#done = true;
    clearTimeout(this.#timer);
    if (isLarge) readInTurn(() => this.#deliverLarge());
    else this.#deliver();
  }

  onGone(): void {
    if (this.#done) return;
    this.#finish();
  }

  #deliverLarge(): void {
    // Its client may have gone meanwhile.
    if (this.#target.exchange.concluded) this.#giveBack();
    else this.#deliver();
  }

  #deliver(): void {
    const { onBody, onError } = this.#target;
    this.#keepRoom();
    const bytes = this.#only ?? this.#pieces?.whole();
    if (bytes === undefined) {
      onBody('');
      return;
    }
    // The reader may last as long as the reply: the bytes need not.
    this.#drop();
    if (isUtf8(bytes)) onBody(bytes.toString());
    else
      onError(
        new GatewayError('parse_error', 'request body is not UTF-8', {
          status: 400,
          rpcCode: RPC.parseError,
        }),
      );
  }

  /** Whether there is room for what has come of a body. */
  #hold(): boolean {
    const { lifecycle, clientAddress } = this.#target.exchange;
    const { shedding } = lifecycle;
    if (shedding.sheds && this.#receivedBytes > MAX_UNDER_PRESSURE_BYTES) return false;
    const blocks = Math.ceil(this.#receivedBytes / BODY_BLOCK_BYTES) - this.#heldBlocks;
    if (blocks === 0) return true;
    if (!shedding.hold(blocks, clientKey(clientAddress))) return false;
    this.#heldBlocks += blocks;
    return true;
  }

  /** What a message says is there until it is answered: calls that hang must not fill memory either. */
  #keepRoom(): void {
    const { exchange } = this.#target;
    if (this.#receivedBytes > Math.min(LASTING_BODY_BYTES, this.#freeBytes) && exchange.holders > 0)
      exchange.onOver = () => this.#giveBack();
    else this.#giveBack();
  }

  #giveBack(): void {
    if (this.#heldBlocks === 0) return;
    const { lifecycle, clientAddress } = this.#target.exchange;
    lifecycle.shedding.giveBack(this.#heldBlocks, clientKey(clientAddress));
    this.#heldBlocks = 0;
  }

  #drop(): void {
    this.#only = undefined;
    this.#pieces = undefined;
  }

  #finish(): void {
    this.#giveBack();
    this.#done = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #fail(error: GatewayError): void {
    this.#finish();
    this.#target.onError(error);
    discardBody(this.#target.exchange);
  }
}

/**
 * Reads a request's body as text. Exactly one of the callbacks is called, or neither if the client goes away
 * first (the exchange's `onAbort` tells). Refuses with 415 any content encoding, with 413 a body over `maxBytes`
 * (by Content-Length before a byte of it is read, else as soon as it is exceeded), with 400 what is not UTF-8.
 * An HTTP/2 body that takes longer than the listener grants gets 408; over HTTP/1.1 its connection sees to that.
 */
export const readBody = (
  exchange: WebExchange,
  maxBytes: number,
  onBody: (text: string) => void,
  onError: (error: GatewayError) => void,
): void => {
  const { request } = exchange;
  const refused = refusedByHeaders(exchange, maxBytes);
  if (refused !== undefined) {
    onError(refused);
    discardBody(exchange);
    return;
  }
  const reader = new BodyReader({ exchange, maxBytes, onBody, onError });
  if (request.headers.expect !== undefined) exchange.response.writeContinue();
  if (request.httpVersionMajor === 2) reader.limit(exchange.lifecycle.bodyTimeoutMs);
  request.read(reader);
};
