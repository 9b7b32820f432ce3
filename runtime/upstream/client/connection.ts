/** One connection to an upstream: one request at a time, and nothing that was not asked for. */
import type { Socket } from 'node:net';
import { TracelessError } from '../../errors.ts';
import type { Connector, Inlet } from './connect.ts';
import type { Outgoing, ReplyTarget } from './outgoing.ts';
import { READ_BYTES, type ReadBuffer, takeReadBuffer } from './read-buffers.ts';
import type { Framing, ReplyHead } from './reply-head.ts';
import { ReplyParser, type ReplyParts } from './reply-parser.ts';

/** The connection could not be made, or ended too early. Its message is for the log. */
class ConnectionLost extends TracelessError {
  readonly code = 'CONNECTION_LOST';
}

/** Nobody took it, and nobody refused it. */
export class NotConnectedInTime extends ConnectionLost {}

const CLOSED = new ConnectionLost('closed by the gateway');

/** Told of the life of a connection; `onGone` comes once, at the end. */
export interface ConnectionOwner {
  /** It is open, or its reply has ended: it may take a request. */
  onFree(connection: Connection): void;
  onGone(connection: Connection, cause: Error): void;
}

/** What is filled as far is handed on in memory that is lent; less is copied, for it would take many times its size. */
const FILLED_BYTES = READ_BYTES / 2;
const LARGE_BYTES = 4 * READ_BYTES;
/** Filled and read within one turn, so that all connections can share it. */
const INLET = Buffer.allocUnsafeSlow(READ_BYTES);
const NOTHING = Buffer.alloc(0);

const KEEP_ALIVE_HINT = /(?:^|,)[ \t]*timeout=(\d{1,6})[ \t]*(?:,|$)/i;
/** The upstream counts from when it sent its reply, and must not close what we begin to write on. */
const HINT_MARGIN_MS = 1000;

/** For how long the upstream says that it keeps the connection. */
const hintMs = ({ headers }: ReplyHead): number => {
  const hint = headers['keep-alive'];
  const seconds = hint === undefined ? undefined : KEEP_ALIVE_HINT.exec(hint)?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1000 - HINT_MARGIN_MS;
};

export class Connection implements Inlet, ReplyParts {
  /** For how long it may lie idle by what its last reply said. */
  keptMs = Number.POSITIVE_INFINITY;
  /** When it is closed if it is not used before. */
  idleUntilMs = 0;
  /** Belongs to the owner; starts false. */
  isInUse = false;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser = new ReplyParser(this);
  readonly #connectTimer: NodeJS.Timeout;
  #gone = false;
  #holdsProcess = true;
  #request: Outgoing | undefined;
  #head: ReplyHead | undefined;
  #ended = false;
  #reading = false;
  #paused = false;
  /** Whether the socket reads into `INLET`, which is so before its first byte. */
  #sharesInlet = false;
  /** What it reads a large body into; undefined: `INLET`, or it was lent. */
  #own: ReadBuffer | undefined;
  /** How far it was filled last. */
  #readEnd = 0;
  /** What has come since it was paused: TLS hands on all that it has deciphered, and the end behind it. */
  #held: Buffer = NOTHING;
  #endIsHeld = false;

  constructor(connector: Connector, connectMs: number, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#connectTimer = setTimeout(
      () => this.lose(new NotConnectedInTime(`not connected after ${connectMs} ms`)),
      connectMs,
    );
    this.#socket = connector.open(this, () => this.#ready());
    this.#socket.on('error', (error) => this.#broken(error));
    this.#socket.on('end', () => this.#endOfBytes());
    this.#socket.on('close', () => this.#broken(new ConnectionLost('closed')));
  }

  /** Whose request it carries. */
  get caller(): string | undefined {
    return this.#request?.caller;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Writes a request. Only while it is free. */
  send(request: Outgoing): void {
    this.#request = request;
    this.#ended = false;
    request.connection = this;
    request.sent = true;
    if (!this.#holdsProcess) {
      this.#holdsProcess = true;
      this.#socket.ref();
    }
    const { head, isHead, body } = request.takeText();
    this.#parser.expect(isHead);
    this.#write(head, body);
  }

  /** From now on it does not keep the process alive, until it is used again. */
  letGo(): void {
    if (!this.#holdsProcess) return;
    this.#holdsProcess = false;
    this.#socket.unref();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#parser.stop();
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#gone) return;
    this.#paused = false;
    this.#parser.go();
    if (this.#reading) return;
    const held = this.#held;
    this.#held = NOTHING;
    if (!this.#read(held, held.length)) return;
    if (this.#endIsHeld) this.#endOfBytes();
    else this.#socket.resume();
  }

  /** Closes it, whatever it carries: nobody is told but the owner. */
  destroy(cause: Error = CLOSED): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#connectTimer);
    this.#parser.stop();
    this.#socket.destroy();
    this.#owner.onGone(this, cause);
  }

  /** Closes it; a request that it carries fails. */
  lose(cause: Error): void {
    if (this.#gone) return;
    const request = this.#request;
    this.#request = undefined;
    this.destroy(cause);
    request?.fail(cause);
  }

  nextBuffer(): Buffer | undefined {
    // TLS hands on all that it has deciphered, though nobody reads it: into nothing that was lent.
    if (this.#gone) return INLET;
    if (this.#parser.missingBytes >= READ_BYTES) {
      if (this.#own !== undefined) return undefined;
      this.#sharesInlet = false;
      this.#own = takeReadBuffer();
      return this.#own.bytes;
    }
    if (this.#sharesInlet) return undefined;
    this.#sharesInlet = true;
    this.#own?.release();
    this.#own = undefined;
    return INLET;
  }

  onBytes(count: number): boolean {
    this.#readEnd = count;
    if (this.#request !== undefined) return this.#read(this.#own?.bytes ?? INLET, count);
    this.destroy();
    return false;
  }

  onHead(head: ReplyHead): void {
    this.#head = head;
    this.#request!.target.onHead(head);
  }

  onData(chunk: Buffer): void {
    const { framing } = this.#head!;
    const isWhole = framing.kind === 'length' && framing.bytes === chunk.length;
    const { target } = this.#request!;
    if (isWhole) target.onData(chunk);
    else if (chunk.length >= FILLED_BYTES || this.#isTail(framing)) this.#lend(chunk, target);
    else target.onData(Buffer.from(chunk));
  }

  onEnd(): void {
    this.#ended = true;
  }

  /** Whether a large body has come whole: its last piece may take more than it needs. */
  #isTail(framing: Framing): boolean {
    return framing.kind === 'length' && framing.bytes >= LARGE_BYTES && this.#parser.missingBytes === 0;
  }

  #lend(chunk: Buffer, target: ReplyTarget): void {
    const own = this.#own;
    // What comes behind it in the same memory is read when that may be another's already.
    const isLast = chunk.byteOffset + chunk.length === this.#readEnd;
    if (own !== undefined && isLast && chunk.buffer === own.bytes.buffer) {
      this.#own = undefined;
      target.onData(chunk, own.lend());
      return;
    }
    // Only what was held while paused may be longer, in memory of its own.
    if (chunk.length > READ_BYTES) {
      target.onData(chunk);
      return;
    }
    const copy = takeReadBuffer();
    chunk.copy(copy.bytes);
    target.onData(copy.bytes.subarray(0, chunk.length), copy.lend());
  }

  #write(head: string, body: string | Uint8Array | null): void {
    const socket = this.#socket;
    if (body === null) {
      socket.write(`${head}\r\n`, 'latin1');
      return;
    }
    const isText = typeof body === 'string';
    const bytes = isText ? Buffer.byteLength(body) : body.length;
    const whole = `${head}content-length: ${bytes}\r\n\r\n`;
    // Of ASCII both encodings are the same bytes: one string, one write.
    if (isText && bytes === body.length) socket.write(whole + body, 'latin1');
    else {
      socket.cork();
      socket.write(whole, 'latin1');
      if (isText) socket.write(body, 'utf8');
      else socket.write(body);
      socket.uncork();
    }
  }

  #ready(): void {
    if (this.#gone) return;
    clearTimeout(this.#connectTimer);
    this.#owner.onFree(this);
  }

  /** False: nothing more for the time being. */
  #read(bytes: Buffer, count: number): boolean {
    this.#reading = true;
    let at: number;
    try {
      at = this.#parser.push(bytes, 0, count);
    } catch (thrown) {
      this.lose(thrown as Error);
      return false;
    } finally {
      this.#reading = false;
    }
    if (this.#gone) return false;
    if (this.#ended) {
      this.#finish(at < count);
      return !this.#gone;
    }
    if (this.#paused && at < count) this.#held = Buffer.concat([this.#held, bytes.subarray(at, count)]);
    return !this.#paused;
  }

  /** @param isFollowed whether more came than the reply, which nobody asked for (RFC 9112, 9.2 and 11.2) */
  #finish(isFollowed: boolean): void {
    const request = this.#request!;
    const head = this.#head!;
    this.#request = undefined;
    this.#head = undefined;
    request.connection = undefined;
    request.over = true;
    this.keptMs = hintMs(head);
    const mayStay = head.keepAlive && !isFollowed && !this.#paused && !this.#endIsHeld && this.keptMs > 0;
    // What is not written yet of a request that is answered already is never read.
    if (mayStay && this.#socket.writableLength === 0) this.#owner.onFree(this);
    else this.destroy();
    try {
      request.target.onEnd();
    } catch (thrown) {
      request.target.onError(thrown as Error);
    }
  }

  /** What is held has come whole, whatever becomes of the socket. */
  #broken(cause: Error): void {
    if (!this.#endIsHeld) this.lose(cause);
  }

  #endOfBytes(): void {
    this.#endIsHeld = this.#paused && this.#request !== undefined;
    if (this.#endIsHeld) return;
    if (this.#request !== undefined && !this.#gone && this.#parser.end()) this.#finish(false);
    else this.lose(new ConnectionLost('closed by the upstream'));
  }
}
