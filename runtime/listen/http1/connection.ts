/** One connection of a client: one request after the other, each begun when the reply to the one before has left. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AddressRules } from '../../../policies/listen/address-rules.ts';
import type { Connection } from '../connection.ts';
import type { OpenExchange } from '../open-exchange.ts';
import type { TakenOver } from '../upgrade.ts';
import { ChunkReader, type ChunkSink } from './chunks.ts';
import { Clock, type Measured } from './clock.ts';
import { CountedReader } from './counted.ts';
import { HeadReader } from './head-reader.ts';
import type { Host } from './host.ts';
import { ReadAhead } from './read-ahead.ts';
import { type BodySource, Http1Request } from './request.ts';
import { CHUNKED, type RequestHead } from './request-head.ts';
import { Http1Response, type ReplyCarrier } from './response.ts';
import { type Settled, settleLater } from './settling.ts';
import { attach, detach, type SocketTarget } from './socket-events.ts';

/** Not more than this is read and thrown away of a body that nobody wants, its framing included. */
const MAX_DISCARD_BYTES = 16 * 1024 * 1024;

/** Of those that have come together so many are served in a turn: other connections have theirs. */
const REQUESTS_IN_TURN = 16;

/**
 * `body`: one has begun. `rest`: of one that nobody wants. `reply`: the request has come whole. `over`: nothing is read
 * any more.
 */
type State = 'head' | 'body' | 'rest' | 'reply' | 'over';

const goOn = (connection: Http1Connection): void => connection.goOn();

const endIdle = (connection: Http1Connection): void => connection.endIdle();

export class Http1Connection
  implements Connection, SocketTarget, BodySource, ReplyCarrier, ChunkSink, Settled
{
  readonly peer: string;
  judgedBy: AddressRules | undefined = undefined;
  trusted = false;
  admitted = false;
  current: OpenExchange | undefined = undefined;
  stalls = false;
  readonly socket: Socket;
  readonly host: Host;
  readonly #heads = new HeadReader();
  #state: State = 'head';
  readonly #clock = new Clock(this);
  #request: Http1Request | undefined;
  #response: Http1Response | undefined;
  #body: CountedReader | ChunkReader | undefined;
  #discardedBytes = 0;
  #servedInTurn = 0;
  readonly #ahead = new ReadAhead();
  #isReading = false;

  constructor(socket: Socket, peer: string, host: Host) {
    this.socket = socket;
    this.peer = peer;
    this.host = host;
    attach(socket, this);
    this.#run('head');
  }

  get keepAliveLine(): string {
    return this.host.keepAliveLine;
  }

  /** Whether no request is under way, nor has begun to come. */
  get isIdle(): boolean {
    return this.#state === 'head' && !this.#heads.hasBegun && this.#ahead.isEmpty;
  }

  receive(chunk: Buffer): void {
    if (this.#state === 'over') return;
    if (this.#ahead.isEmpty && this.#mayRead()) this.#read(chunk, true);
    else {
      this.#ahead.add(Buffer.from(chunk));
      this.#bound();
    }
  }

  /** For long nothing of the last request is held that the next one may have as well. */
  lasts(): void {
    if (this.isIdle) this.forget();
  }

  expired(measured: Measured): void {
    if (this.socket.destroyed) return;
    if (measured === 'head' || measured === 'body') this.#refuse(408);
    else if (measured === 'ahead') this.#ahead.resume(this.socket);
    else this.socket.destroy();
  }

  /** Ends it, unless a request is under way or has come by now: what the system holds of one is read first. */
  endSoon(): void {
    if (this.isIdle) setImmediate(endIdle, this);
  }

  endIdle(): void {
    if (this.isIdle && !this.socket.destroyed) this.#end(true);
  }

  /** The client has no more time for what it is waited for. */
  hurry(): void {
    const { measured } = this.#clock;
    if ((measured === 'head' && this.#heads.hasBegun) || measured === 'body') this.#refuse(408);
    else if (measured === 'rest' && this.#response === undefined) this.socket.destroy();
  }

  /** A reply has ended: but for what called it, which may have something to say of it yet. */
  ended(): void {
    settleLater(this);
  }

  settle(): void {
    if (this.#response?.writableEnded !== true || this.socket.destroyed) return;
    if (this.socket.writableLength === 0) this.#replied(this.#response);
    // Told when all before it has been handed to the system.
    else this.socket.write('', 'latin1', () => this.settle());
  }

  drained(): void {
    this.#response?.drained();
  }

  /** Has gone, that is: most clients that go away can be told by nothing else. What was answered is sent yet. */
  left(): void {
    const response = this.#response;
    if (response === undefined) this.#end(true);
    else if (response.writableEnded) response.keepAlive = false;
    else this.socket.destroy();
  }

  stalled(): void {
    this.host.stalled(this);
  }

  closed(): void {
    this.#state = 'over';
    this.#clock.stop();
    this.#ahead.clear();
    const [request, response] = [this.#request, this.#response];
    this.#request = undefined;
    this.#response = undefined;
    request?.lose();
    response?.close(true);
    this.host.gone(this);
  }

  /** A sink was set: it may be told what has come. */
  read(): void {
    if (!this.#isReading) process.nextTick(goOn, this);
  }

  /** Nobody wants the rest of the body. */
  discard(): void {
    if (this.#state !== 'body') return;
    this.#state = 'rest';
    this.#discardedBytes = 0;
    this.#request?.lose();
    if (!this.#isReading) process.nextTick(goOn, this);
  }

  forget(): void {
    this.#heads.forget();
  }

  /** Reads what was held back, as far as it may be read now. */
  goOn(): void {
    if (this.#isReading || this.#state === 'over') return;
    this.#tellEnd();
    while (!this.#ahead.isEmpty && this.#mayRead()) this.#read(this.#ahead.take(), false);
    if (this.#ahead.isEmpty) this.#ahead.resume(this.socket);
    this.#arm();
  }

  onData(chunk: Buffer): void {
    if (this.#state !== 'body') return;
    const { sink, bodyBytes } = this.#request!;
    // Of one that has come at once the end is told before anything else is read.
    sink!.onData(chunk.length === bodyBytes ? chunk : Buffer.from(chunk));
  }

  #mayRead(): boolean {
    if (this.#state === 'body') return this.#request!.sink !== undefined;
    return this.#state === 'head' || this.#state === 'rest';
  }

  /** `isLent`: what is left of them has to be copied. */
  #read(bytes: Buffer, isLent: boolean): void {
    let at = 0;
    this.#isReading = true;
    try {
      while (at < bytes.length && this.#mayRead()) at = this.#step(bytes, at);
    } finally {
      this.#isReading = false;
    }
    if (at < bytes.length && this.#state !== 'over') {
      const rest = bytes.subarray(at);
      this.#ahead.putBack(isLent ? Buffer.from(rest) : rest);
      this.#bound();
    }
    this.#arm();
  }

  #step(bytes: Buffer, at: number): number {
    if (this.#state === 'head') return this.#readHead(bytes, at);
    const body = this.#body!;
    const outcome = body.read(bytes, at);
    if (this.#state === 'rest') {
      this.#discardedBytes += body.at - at;
      if (this.#discardedBytes > MAX_DISCARD_BYTES) this.socket.destroy();
    }
    if (typeof outcome === 'number') {
      this.#refuse(outcome);
      return bytes.length;
    }
    if (outcome) this.#endBody();
    return body.at;
  }

  #readHead(bytes: Buffer, at: number): number {
    const head = this.#heads.read(bytes, at, this.host.limits.headBytes);
    if (typeof head === 'number') {
      this.#refuse(head);
      return bytes.length;
    }
    const next = this.#heads.at;
    if (head === undefined) return next;
    if (!head.upgrades || next === bytes.length) {
      this.#begin(head);
      return next;
    }
    // Whoever takes the connection over may do so at once, and what came behind the head is theirs.
    this.#ahead.putBack(Buffer.from(bytes.subarray(next)));
    this.#begin(head);
    this.#bound();
    return bytes.length;
  }

  #begin(head: RequestHead): void {
    const request = new Http1Request(head, this);
    const response = new Http1Response(this, {
      minorVersion: head.minorVersion,
      isHead: head.method === 'HEAD',
      keepAlive: head.keepAlive,
      // Also one that is not asked for its body may never send it, or another request in its place.
      awaitsContinue: head.expects !== 'nothing' && head.bodyBytes !== 0,
    });
    this.#request = request;
    this.#response = response;
    this.#state = request.complete ? 'reply' : 'body';
    if (head.bodyBytes === CHUNKED) this.#body = new ChunkReader(this);
    else if (head.bodyBytes > 0) this.#body = new CountedReader(head.bodyBytes, this);
    if (head.upgrades && head.expects !== 'unknown' && this.host.switches(request)) {
      response.keepAlive = false;
      this.host.upgrade(this, request, response, () => this.#takeOver());
      return;
    }
    this.host.take(this, request, response, head.expects === 'unknown');
    this.#tellEnd();
  }

  /** Tells whoever wants the body that it has come whole. */
  #tellEnd(): void {
    const request = this.#request;
    if (request?.complete === true) request.end();
  }

  #endBody(): void {
    if (this.#state === 'over') return;
    const request = this.#request!;
    request.complete = true;
    this.#body = undefined;
    const wasWanted = this.#state === 'body';
    this.#state = 'reply';
    if (wasWanted) request.end();
    else if (this.#response === undefined) this.#next();
  }

  /** The reply has left. */
  #replied(response: Http1Response): void {
    this.#response = undefined;
    response.close(false);
    const isWhole = this.#request?.complete === true;
    if (!isWhole) this.discard();
    if (!response.keepAlive) this.#end(isWhole);
    else if (isWhole) this.#next();
    else this.#arm();
  }

  #next(): void {
    this.#request = undefined;
    if (this.socket.writableEnded || this.socket.destroyed) {
      // Another request behind this one would be served without a reply.
      this.#state = 'over';
      this.socket.destroy();
      return;
    }
    this.#state = 'head';
    this.#run('idle');
    if (this.#ahead.isEmpty) this.#servedInTurn = 0;
    else this.#goOnInTurn();
  }

  #goOnInTurn(): void {
    this.#servedInTurn = (this.#servedInTurn + 1) % REQUESTS_IN_TURN;
    if (this.#servedInTurn === 0) setImmediate(goOn, this);
    else this.goOn();
  }

  /** Ends the connection; where the client still sends, after it has, so that it reads the reply. */
  #end(isWhole: boolean): void {
    if (isWhole) {
      this.#state = 'over';
      this.socket.destroySoon();
    } else this.socket.end();
    this.#run('rest');
  }

  /** Answers what is no request, or not in time, where that cannot be taken for the reply to another; and ends. */
  #refuse(status: number): void {
    const { socket } = this;
    const mayAnswer =
      this.#state === 'head' || (this.#state === 'body' && this.#response?.headersSent === false);
    this.#state = 'over';
    this.#ahead.clear();
    const answer = mayAnswer && socket.writable ? status : 0;
    const lines = this.host.refused(this, answer);
    if (answer === 0) {
      socket.destroy();
      return;
    }
    const head = `HTTP/1.1 ${answer} ${STATUS_CODES[answer]}\r\nconnection: close\r\ncontent-length: 0\r\n${lines}\r\n`;
    socket.end(head, 'latin1', () => socket.destroy());
    this.#run('rest');
  }

  #takeOver(): TakenOver {
    const { socket } = this;
    const head = this.#ahead.takeAll();
    this.#state = 'over';
    this.#request = undefined;
    this.#response = undefined;
    this.#heads.forget();
    this.#clock.stop();
    detach(socket);
    socket.resume();
    return { socket, head };
  }

  /** Has the client wait where much has come too early; but not for long, as its end would not be seen. */
  #bound(): void {
    if (this.#ahead.isTooMuch) this.socket.destroy();
    else if (this.#ahead.isMuch && this.#clock.measured !== 'ahead') {
      this.#ahead.pause(this.socket);
      this.#arm();
    }
  }

  /** Measures the time of what the client is waited for. */
  #arm(): void {
    if (this.#state === 'head') {
      if (this.#heads.hasBegun) this.#run('head');
    } else if (this.#state === 'body') this.#run(this.#request!.sink === undefined ? 'none' : 'body');
    else if (this.#state === 'rest') this.#run('rest');
    else if (this.#state === 'reply') this.#run(this.#ahead.isMuch ? 'ahead' : 'none');
  }

  #run(measured: Measured): void {
    this.#clock.run(measured, this.host.limits);
  }
}
