import { isUtf8 } from 'node:buffer';
import { constants } from 'node:http2';
import { GatewayError, RPC } from '../errors.ts';
import type { WebExchange } from './exchange.ts';
import { readInTurn } from './large-bodies.ts';

/** Not more than this is read and thrown away of a body that was refused, and not for longer. */
const MAX_DISCARD_BYTES = 16 * 1024 * 1024;
const MAX_DISCARD_MS = 5_000;

/** While new work is refused, a body that comes in pieces and is larger is given up. */
const MAX_UNDER_PRESSURE_BYTES = 64 * 1024;

/** A body that is larger, and came in pieces, is read in turn with others. */
const LARGE_BODY_BYTES = 64 * 1024;

const READER = Symbol('reader');

interface BodyReader {
  readonly exchange: WebExchange;
  readonly maxBytes: number;
  readonly onBody: (text: string) => void;
  readonly onError: (error: GatewayError) => void;
  /** The first chunk; most bodies have no second one. */
  first: Buffer | undefined;
  rest: Buffer[] | undefined;
  receivedBytes: number;
  /** For which room was taken. */
  heldBytes: number;
  /** Whether it is whole, and others are read before it. */
  waits: boolean;
  timer: NodeJS.Timeout | undefined;
  done: boolean;
}

interface Readable {
  [READER]?: BodyReader | undefined;
}

const refusal = (code: 'body_too_large' | 'unsupported_media_type' | 'body_timeout', message: string) =>
  new GatewayError(code, message, {
    status: { body_too_large: 413, unsupported_media_type: 415, body_timeout: 408 }[code],
    rpcCode: RPC.invalidRequest,
  });

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
    return refusal('body_too_large', `request body is larger than ${maxBytes} bytes`);
  }
  return undefined;
};

/**
 * Throws away what still comes of a refused body, so that the reply reaches a client that is still sending
 * rather than being lost to a reset; a client that goes on for too long is cut off.
 */
export const discardBody = (exchange: WebExchange): void => {
  const { request } = exchange;
  if (request.readableEnded || request.destroyed) return;
  if ('stream' in request) {
    request.stream.close(constants.NGHTTP2_NO_ERROR);
    return;
  }
  const timer = setTimeout(() => request.destroy(), MAX_DISCARD_MS);
  timer.unref();
  let discardedBytes = 0;
  request.on('data', (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > MAX_DISCARD_BYTES) request.destroy();
  });
  request.on('close', () => clearTimeout(timer));
};

const giveBack = (reader: BodyReader): void => {
  if (reader.heldBytes === 0 || reader.waits) return;
  const { lifecycle, clientAddress } = reader.exchange;
  lifecycle.shedding.giveBack(reader.heldBytes, clientAddress);
  reader.heldBytes = 0;
};

/** Whether there is room for one more piece of a body. */
const hold = (reader: BodyReader, bytes: number): boolean => {
  const { lifecycle, clientAddress } = reader.exchange;
  const { shedding } = lifecycle;
  if (shedding.sheds && reader.receivedBytes > MAX_UNDER_PRESSURE_BYTES) return false;
  if (!shedding.hold(bytes, clientAddress)) return false;
  if (reader.heldBytes === 0) reader.exchange.request.once('close', () => giveBack(reader));
  reader.heldBytes += bytes;
  return true;
};

const finish = (reader: BodyReader): void => {
  giveBack(reader);
  reader.done = true;
  if (reader.timer !== undefined) clearTimeout(reader.timer);
};

const fail = (reader: BodyReader, error: GatewayError): void => {
  finish(reader);
  reader.first = undefined;
  reader.rest = undefined;
  reader.onError(error);
  discardBody(reader.exchange);
};

function takeChunk(this: Readable, chunk: Buffer): void {
  const reader = this[READER];
  if (reader === undefined || reader.done) return;
  reader.receivedBytes += chunk.length;
  if (reader.receivedBytes > reader.maxBytes) {
    fail(reader, refusal('body_too_large', `request body is larger than ${reader.maxBytes} bytes`));
  } else if (reader.first === undefined) {
    reader.first = chunk;
  } else if (!hold(reader, chunk.length)) {
    fail(reader, reader.exchange.lifecycle.shedding.refusal());
  } else if (reader.rest === undefined) {
    reader.rest = [chunk];
  } else {
    reader.rest.push(chunk);
  }
}

function takeEnd(this: Readable): void {
  const reader = this[READER];
  if (reader === undefined || reader.done) return;
  const isLarge = reader.rest !== undefined && reader.receivedBytes > LARGE_BODY_BYTES;
  reader.waits = isLarge;
  finish(reader);
  // The request may last as long as its reply: the body's bytes need not.
  this[READER] = undefined;
  if (isLarge) readInTurn(() => deliverLarge(reader));
  else deliver(reader);
}

const deliverLarge = (reader: BodyReader): void => {
  reader.waits = false;
  giveBack(reader);
  // Its client may have gone meanwhile.
  if (!reader.exchange.concluded) deliver(reader);
};

const deliver = ({ first, rest, receivedBytes, onBody, onError }: BodyReader): void => {
  if (first === undefined) {
    onBody('');
    return;
  }
  const bytes = rest === undefined ? first : Buffer.concat([first, ...rest], receivedBytes);
  if (isUtf8(bytes)) {
    onBody(bytes.toString('utf8'));
  } else {
    onError(
      new GatewayError('parse_error', 'request body is not UTF-8', { status: 400, rpcCode: RPC.parseError }),
    );
  }
};

const ignore = (): void => undefined;

/**
 * Reads a request's body as text. Exactly one of the callbacks is called, or neither if the client goes away
 * first (the exchange's `onAbort` tells). Refuses with 415 any content encoding, with 413 a body over `maxBytes`
 * (by Content-Length before a byte of it is read, else as soon as it is exceeded), with 400 what is not UTF-8.
 * An HTTP/2 body that takes longer than the listener grants gets 408; over HTTP/1.1 the server's timer does that.
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
  const reader: BodyReader = {
    exchange,
    maxBytes,
    onBody,
    onError,
    first: undefined,
    rest: undefined,
    receivedBytes: 0,
    heldBytes: 0,
    waits: false,
    timer: undefined,
    done: false,
  };
  (request as Readable)[READER] = reader;
  if (request.headers.expect !== undefined) exchange.response.writeContinue();
  if (request.httpVersionMajor === 2) {
    reader.timer = setTimeout(
      () => fail(reader, refusal('body_timeout', 'request body took too long')),
      exchange.lifecycle.bodyTimeoutMs,
    );
    request.on('close', () => clearTimeout(reader.timer));
  }
  request.on('data', takeChunk);
  request.on('end', takeEnd);
  request.on('error', ignore);
};
