/**
 * WebSocket (RFC 6455) as a channel: one JSON-RPC message in each text frame, the subprotocol `mcp`, the legacy life
 * cycle. In no revision of MCP, so that it is off unless it is asked for.
 */
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Admitted } from '../../../policies/identity/standing.ts';
import { clientKey } from '../../../policies/listen/client-key.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { LASTING_BODY_BYTES } from '../../listen/body.ts';
import type { WebExchange } from '../../listen/exchange.ts';
import { type Beating, heartbeat } from '../../listen/heartbeat.ts';
import { replyError } from '../../listen/reply.ts';
import { BODY_BLOCK_BYTES, type Shedding } from '../../listen/shedding.ts';
import { LITTLE_UNREAD_BYTES, UnreadShare } from '../../listen/unread-room.ts';
import type { TakeOver, Upgrade } from '../../listen/upgrade.ts';
import { closingRefusal } from '../closing.ts';
import { admittedBy, type LastingCaller, type LastingCallers } from '../lasting-callers.ts';
import type { Place, PreparedServer } from '../server.ts';
import type { Channel, ChannelEnd } from './channel.ts';
import { type ChannelContext, ChannelExchange, type ChannelOrigin } from './channel-exchange.ts';
import { Conversation, type ConversationRules } from './conversation.ts';

const SUBPROTOCOL = 'mcp';
/** A reader that falls further behind than this is cut off. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/**
 * What the receiver of a socket holds of a message that has not come whole, which `ws` does not tell. Without it peers
 * would still have to give signs of life; tests say if another `ws` has it elsewhere.
 */
interface WithReceiver {
  readonly _receiver?: { readonly _bufferedBytes?: number; readonly _messageLength?: number };
}

const receivedBytes = (socket: WebSocket): number => {
  const { _bufferedBytes = 0, _messageLength = 0 } = (socket as unknown as WithReceiver)._receiver ?? {};
  return _bufferedBytes + _messageLength;
};

/** How long a peer has to answer a close. */
const CLOSE_MS = 1000;
/** The longest that a timer of Node.js waits. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const UNSUPPORTED_DATA = 1003;

/** Close codes (RFC 6455, 7.4.1). */
const CLOSE_CODES: Readonly<Record<ChannelEnd, number>> = {
  done: 1000,
  'going-away': 1001,
  'not-served': 1001,
  unauthenticated: 1008,
  refused: 1008,
};

const RULES: ConversationRules = {
  modern: false,
  keepsRefused: false,
  offered: ({ server }) => server.legacyVersions,
};

const refusal = (
  code: 'invalid_request' | 'method_not_allowed',
  status: number,
  message: string,
  headers?: readonly string[],
): GatewayError =>
  new GatewayError(code, message, {
    status,
    rpcCode: RPC.invalidRequest,
    ...(headers === undefined ? {} : { headers }),
  });

const KEY = /^[+/0-9A-Za-z]{22}==$/;
const TOKENS = /^[!#$%&'*+\-.^_`|~\w]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~\w]+)*$/;

const NOTHING_OFFERED: ReadonlySet<string> = new Set();

/** The subprotocols that a client offers; undefined: it is no list of different tokens (RFC 6455, 4.1). */
const offeredBy = (list: string): ReadonlySet<string> | undefined => {
  if (!TOKENS.test(list)) return undefined;
  const names = list.split(',').map((each) => each.trim());
  const offered = new Set(names);
  return offered.size === names.length ? offered : undefined;
};

/** What is wrong with the handshake (RFC 6455, 4.2.1). */
const handshakeFault = ({ request: { method, headers } }: WebExchange): GatewayError | undefined => {
  if (method !== 'GET') return refusal('method_not_allowed', 405, 'method not allowed', ['allow', 'GET']);
  if (headers['sec-websocket-version'] !== '13')
    return refusal('invalid_request', 426, 'WebSocket version 13 is required', [
      'sec-websocket-version',
      '13',
    ]);
  if (!KEY.test(String(headers['sec-websocket-key'])))
    return refusal('invalid_request', 400, 'Sec-WebSocket-Key is no key');
  const list = headers['sec-websocket-protocol'];
  const offered = list === undefined ? NOTHING_OFFERED : offeredBy(list);
  if (offered === undefined)
    return refusal('invalid_request', 400, 'Sec-WebSocket-Protocol is no list of subprotocols');
  return offered.has(SUBPROTOCOL)
    ? undefined
    : refusal('invalid_request', 400, `the subprotocol ${SUBPROTOCOL} is required`);
};

/** What sockets of one path need besides the place that they were opened at. */
export interface SocketContext extends ChannelContext {
  /** The place as the graph that serves now has it; undefined once it has it no more. */
  readonly place: () => Place | undefined;
}

class WebSocketChannel implements Channel, Beating, LastingCaller {
  readonly admitted: Admitted;
  readonly #socket: WebSocket;
  readonly #lasting: LastingCallers;
  readonly #origin: ChannelOrigin;
  readonly #context: SocketContext;
  readonly #conversation = new Conversation(this, RULES);
  readonly #onClosing = (): void => void this.#conversation.drained().then(() => this.end('going-away'));
  #expiry: NodeJS.Timeout | undefined;
  #answered = true;
  #unread: UnreadShare | undefined;
  /** Since when a message comes, as of the beats. */
  #comesSinceMs: number | undefined;

  constructor(
    socket: WebSocket,
    origin: ChannelOrigin,
    context: SocketContext,
    admitted: Admitted,
    { lasting, held }: PreparedServer,
  ) {
    this.admitted = admitted;
    this.#lasting = lasting;
    this.#socket = socket;
    this.#origin = origin;
    this.#context = context;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    socket.on('pong', () => {
      this.#answered = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#closed());
    heartbeat.add(this);
    origin.lifecycle.closers.add(this.#onClosing);
    const { expiresAtMs } = admitted.principal;
    if (expiresAtMs !== undefined)
      this.#expiry = setTimeout(
        () => this.#identifyAgain(),
        Math.min(Math.max(0, expiresAtMs - Date.now()) + 1, MAX_TIMER_MS),
      ).unref();
    lasting.add(this, held.graph);
  }

  send(text: string): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#cutOff();
      return;
    }
    socket.send(text);
    if (socket.bufferedAmount > LITTLE_UNREAD_BYTES) this.#countUnread(socket.bufferedAmount);
  }

  end(why: ChannelEnd): void {
    this.#close(CLOSE_CODES[why], why);
  }

  expel(): void {
    this.end(this.#context.place() === undefined ? 'not-served' : 'refused');
  }

  /**
   * Asks the peer for a sign of life; one that gave none since the last beat is gone. While a message comes there can
   * be none, for nothing goes between the bytes of a frame: the time that it has is the bound.
   */
  beat(): void {
    const tooSlow = this.#comesTooSlowly();
    if (tooSlow || (!this.#answered && this.#comesSinceMs === undefined)) {
      this.#cutOff();
      return;
    }
    this.#unread?.update(this.#socket.bufferedAmount);
    this.#answered = false;
    this.#socket.ping();
    this.#identifyAgain();
  }

  relieve(shedding: Shedding, maxUnreadBytes: number): void {
    if (this.#origin.lifecycle.shedding !== shedding) return;
    if (Math.max(this.#socket.bufferedAmount, receivedBytes(this.#socket)) > maxUnreadBytes) this.#cutOff();
    else this.#unread?.update(this.#socket.bufferedAmount);
  }

  /** A message has as long to come whole as any other body. */
  #comesTooSlowly(): boolean {
    if (receivedBytes(this.#socket) === 0) this.#comesSinceMs = undefined;
    else this.#comesSinceMs ??= performance.now();
    const { bodyTimeoutMs } = this.#origin.lifecycle;
    return this.#comesSinceMs !== undefined && performance.now() - this.#comesSinceMs > bodyTimeoutMs;
  }

  #countUnread(bytes: number): void {
    this.#unread ??= new UnreadShare(this.#origin.lifecycle.shedding.unread);
    this.#unread.update(bytes);
  }

  #cutOff(): void {
    this.#socket.terminate();
    this.#unread?.update(0);
  }

  #close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }

  /** The credential may have expired, or been revoked, while nothing was said. */
  #identifyAgain(): void {
    const place = this.#context.place();
    if (place === undefined) this.end('not-served');
    else
      place.authenticate(this.#origin, Date.now(), (outcome) => {
        if (outcome instanceof GatewayError) this.end('unauthenticated');
      });
  }

  #take(data: RawData, isBinary: boolean): void {
    this.#comesSinceMs = undefined;
    this.#answered = true;
    const place = this.#context.place();
    if (isBinary) this.#close(UNSUPPORTED_DATA, 'text frames only');
    else if (place === undefined) this.end('not-served');
    else this.#takeText(place, String(data));
  }

  #takeText(place: Place, text: string): void {
    place.authenticate(this.#origin, Date.now(), (outcome) => {
      if (outcome instanceof GatewayError) {
        this.end('unauthenticated');
        return;
      }
      const exchange = new ChannelExchange(this.#origin, this.#context, outcome);
      if (this.#hasRoom(exchange, text.length)) this.#conversation.take(place, exchange, text);
      else this.#conversation.refuse(place, exchange, this.#origin.lifecycle.shedding.refusal(), text);
    });
  }

  /** A large message takes room for as long as its request, as any large body does. */
  #hasRoom(exchange: ChannelExchange, length: number): boolean {
    if (length <= LASTING_BODY_BYTES) return true;
    const { lifecycle, clientAddress } = this.#origin;
    const [blocks, key] = [Math.ceil(length / BODY_BLOCK_BYTES), clientKey(clientAddress)];
    if (!lifecycle.shedding.hold(blocks, key)) return false;
    exchange.onOver = () => lifecycle.shedding.giveBack(blocks, key);
    return true;
  }

  #closed(): void {
    clearTimeout(this.#expiry);
    this.#unread?.update(0);
    heartbeat.remove(this);
    this.#lasting.remove(this);
    this.#origin.lifecycle.closers.delete(this.#onClosing);
    this.#conversation.close();
  }
}

const originOf = (exchange: WebExchange): ChannelOrigin => {
  const { listener, secure, peer, clientAddress, path, lifecycle, request } = exchange;
  const { url, headers, rawHeaders } = request;
  return {
    listener,
    secure,
    peer,
    clientAddress,
    path,
    lifecycle,
    request: { method: 'GET', url, headers, rawHeaders: [...rawHeaders] },
  };
};

/** Takes in requests for a WebSocket at `place`: the caller is identified before anything is switched. */
export const serveWebSocket = (place: Place, context: SocketContext): Upgrade => {
  const handshake = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: place.maxBodyBytes,
    handleProtocols: () => SUBPROTOCOL,
  });
  const open = (exchange: WebExchange, takeOver: TakeOver): void => {
    const origin = originOf(exchange);
    const request = exchange.request as unknown as Parameters<typeof handshake.handleUpgrade>[0];
    exchange.record.outcome = 'ok';
    const admitted = admittedBy(exchange, place.server.node.name, 'place');
    const { socket, head } = takeOver();
    handshake.handleUpgrade(
      request,
      socket,
      head,
      (webSocket) => new WebSocketChannel(webSocket, origin, context, admitted, place.server),
    );
  };
  const take: Upgrade['take'] = (exchange, takeOver) => {
    exchange.record.server = place.server.node.name;
    exchange.record.method = 'websocket';
    place.authenticate(exchange, Date.now(), (outcome) => {
      if (outcome instanceof GatewayError) {
        replyError(exchange, outcome);
        return;
      }
      exchange.principal = outcome;
      const refused = handshakeFault(exchange) ?? closingRefusal(exchange);
      if (refused !== undefined) replyError(exchange, refused);
      else if (!exchange.concluded) open(exchange, takeOver);
    });
  };
  return { place, take };
};

const UPGRADE_REQUIRED = refusal('invalid_request', 426, 'this is a WebSocket endpoint', [
  'upgrade',
  'websocket',
  'connection',
  'upgrade',
]);

/** Answers whoever asks for a WebSocket's path without asking for one. */
export const requireWebSocket = (exchange: WebExchange): void => {
  replyError(exchange, UPGRADE_REQUIRED);
};
