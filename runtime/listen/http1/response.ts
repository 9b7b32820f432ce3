/** The reply to a request over HTTP/1.1: a whole one leaves in one write, what comes in pieces is framed in chunks. */
import type { Socket } from 'node:net';
import type { WebResponse } from '../exchange.ts';
import { assertField } from './fields.ts';
import { closes, connectionLines, headOf, usualHead } from './head-text.ts';

/** What a reply needs of its connection. */
export interface ReplyCarrier {
  readonly socket: Socket;
  /** The line that tells for how long the connection is kept; empty where it is not told. */
  readonly keepAliveLine: string;
  /** Everything was written. */
  ended(): void;
}

export interface ReplyForm {
  /** Of the request. */
  readonly minorVersion: number;
  /** Whether it is to HEAD. */
  readonly isHead: boolean;
  readonly keepAlive: boolean;
  readonly awaitsContinue: boolean;
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/** What is shorter is gathered within a turn, and written as one text with what is around it: longer copies cost more. */
const SHORT_LENGTH = 4 * 1024;

type Chunk = string | Uint8Array;

/** What a reply tells of its own end. */
type ReplyEvent = 'close' | 'drain';

const flush = (response: Http1Response): void => response.flush();

const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

export class Http1Response implements WebResponse {
  statusCode = 0;
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  /** False: its end is that of the connection. */
  keepAlive: boolean;
  awaitsContinue: boolean;
  readonly #carrier: ReplyCarrier;
  readonly #minorVersion: number;
  readonly #isHead: boolean;
  /** Of the head, until it is written. */
  #head = '';
  /** Of the body: what was written in this turn. */
  #gathered = '';
  #isFlushing = false;
  #hasBody = true;
  #isChunked = false;
  /** What is missing of the length that was told; undefined: none was. */
  #missingBytes: number | undefined;
  #isGone = false;
  #onClose: (() => void)[] | undefined;
  #onDrain: (() => void)[] | undefined;

  constructor(carrier: ReplyCarrier, { minorVersion, isHead, keepAlive, awaitsContinue }: ReplyForm) {
    this.#carrier = carrier;
    this.#minorVersion = minorVersion;
    this.#isHead = isHead;
    this.keepAlive = keepAlive;
    this.awaitsContinue = awaitsContinue;
  }

  get destroyed(): boolean {
    return this.#isGone || this.#carrier.socket.destroyed;
  }

  get writableLength(): number {
    return this.#carrier.socket.writableLength + this.#gathered.length;
  }

  /** Asks for the body, once, of a client that waits for that. */
  writeContinue(): void {
    if (!this.awaitsContinue || this.headersSent) return;
    this.awaitsContinue = false;
    this.#carrier.socket.write(CONTINUE, 'latin1');
  }

  /** `headers` are flat. Throws where one of them cannot be sent. */
  writeHead(status: number, headers: readonly string[]): this {
    let lines = '';
    let connection: string | undefined;
    let length: number | undefined;
    let isDated = false;
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at]!;
      const value = headers[at + 1]!;
      assertField(name, value);
      const lower = name.toLowerCase();
      if (lower === 'transfer-encoding') continue;
      if (lower === 'connection') {
        connection = value;
        continue;
      }
      if (lower === 'date') isDated = true;
      if (lower === 'content-length') length = Number(value);
      lines += `${name}: ${value}\r\n`;
    }
    if (connection !== undefined && closes(connection)) this.keepAlive = false;
    this.#begin(status, lines, length, connection, isDated);
    return this;
  }

  /**
   * As `writeHead`, of field lines that can be sent and are none of the connection's, the coding or Date. `length` is
   * that of the body, and among the lines; undefined: it comes in pieces.
   */
  holdHead(status: number, lines: string, length: number | undefined): void {
    this.#begin(status, lines, length, undefined, false);
  }

  /** Sends the head if it was not sent yet. */
  flushHeaders(): void {
    if (this.#head !== '' && !this.destroyed) this.#writeText('');
  }

  /** False: not more before the client has read. */
  write(chunk: Chunk, onWritten?: () => void): boolean {
    if (this.writableEnded || this.destroyed) return false;
    if (!this.#hasBody || chunk.length === 0) return true;
    const isText = typeof chunk === 'string';
    if (isText && this.#gathered.length + chunk.length < SHORT_LENGTH) {
      this.#gather(chunk);
    } else {
      this.flush();
      if (isText) this.#writeText(chunk);
      else this.#writeBytes(chunk, '', onWritten);
    }
    const { socket } = this.#carrier;
    return socket.writableLength < socket.writableHighWaterMark;
  }

  /** Nothing more comes than `chunk`. */
  end(chunk: Chunk = ''): void {
    if (this.writableEnded || this.destroyed) return;
    if (this.statusCode === 0) throw new Error('a reply without a head');
    if (typeof chunk === 'string') this.#endText(chunk);
    else this.#endBytes(chunk);
    this.writableEnded = true;
    // Whoever reads to a length that does not come would take the next reply for the rest.
    if (this.#hasBody && this.#missingBytes !== undefined && this.#missingBytes !== 0) this.destroy();
    else this.#carrier.ended();
  }

  /** Breaks it off, and its connection with it. */
  destroy(): void {
    this.#carrier.socket.destroy();
  }

  once(event: ReplyEvent, listener: () => void): this {
    if (event === 'close') this.#onClose = [...(this.#onClose ?? []), listener];
    else this.#onDrain = [...(this.#onDrain ?? []), listener];
    return this;
  }

  off(event: ReplyEvent, listener: () => void): this {
    const listeners = event === 'close' ? this.#onClose : this.#onDrain;
    const at = listeners?.indexOf(listener) ?? -1;
    if (at >= 0) listeners!.splice(at, 1);
    return this;
  }

  /** The connection can take more. */
  drained(): void {
    const listeners = this.#onDrain;
    this.#onDrain = undefined;
    if (listeners !== undefined) for (const each of listeners) each();
  }

  /** It is over: everything was handed to the system, or `isLost`. */
  close(isLost: boolean): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.writableFinished = !isLost;
    this.#gathered = '';
    this.#onDrain = undefined;
    const listeners = this.#onClose;
    this.#onClose = undefined;
    if (listeners !== undefined) for (const each of listeners) each();
  }

  /** Writes what was gathered. */
  flush(): void {
    this.#isFlushing = false;
    const text = this.#gathered;
    if (text === '' || this.destroyed) return;
    this.#gathered = '';
    this.#writeText(text);
  }

  #begin(
    status: number,
    lines: string,
    length: number | undefined,
    connection: string | undefined,
    isDated: boolean,
  ): void {
    if (this.headersSent) throw new Error('a second head');
    this.headersSent = true;
    this.statusCode = status;
    const mayHaveBody = status !== 204 && status !== 304;
    this.#hasBody = mayHaveBody && !this.#isHead;
    this.#missingBytes = length;
    this.#isChunked = mayHaveBody && length === undefined && this.#minorVersion === 1;
    // A body that is neither of a length nor in chunks ends with the connection; one that is not asked for may not come.
    if ((mayHaveBody && length === undefined && !this.#isChunked) || this.awaitsContinue)
      this.keepAlive = false;
    const { keepAliveLine } = this.#carrier;
    if (status === 200 && !isDated && connection === undefined && this.keepAlive && !this.#isChunked) {
      this.#head = usualHead(lines, keepAliveLine);
      return;
    }
    const persistence = connectionLines(connection, this.keepAlive, keepAliveLine);
    this.#head = headOf(status, lines, isDated, persistence, this.#isChunked);
  }

  #gather(text: string): void {
    this.#gathered += text;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    process.nextTick(flush, this);
  }

  #takeHead(): string {
    const head = this.#head;
    this.#head = '';
    return head;
  }

  /** The head, if it was not sent, and `text` framed as it has to be. */
  #writeText(text: string, end = ''): void {
    const head = this.#takeHead();
    if (text === '' || !this.#hasBody) {
      if (head !== '' || end !== '') this.#carrier.socket.write(head + end, 'latin1');
      return;
    }
    const bytes = Buffer.byteLength(text);
    if (!this.#isWithin(bytes)) return;
    const before = this.#isChunked ? `${head}${bytes.toString(16)}\r\n` : head;
    const after = this.#isChunked ? `\r\n${end}` : end;
    const { socket } = this.#carrier;
    // Of ASCII both encodings are the same bytes.
    const encoding = bytes === text.length ? 'latin1' : 'utf8';
    if (text.length < SHORT_LENGTH && (encoding === 'latin1' || isAscii(before))) {
      socket.write(before + text + after, encoding);
      return;
    }
    socket.cork();
    if (before !== '') socket.write(before, 'latin1');
    socket.write(text, encoding);
    if (after !== '') socket.write(after, 'latin1');
    socket.uncork();
  }

  /** Takes them from the length that was told. What is beyond it would be read as the next reply. */
  #isWithin(bytes: number): boolean {
    if (this.#missingBytes === undefined) return true;
    this.#missingBytes -= bytes;
    if (this.#missingBytes >= 0) return true;
    this.destroy();
    return false;
  }

  #writeBytes(bytes: Uint8Array, end = '', onWritten?: () => void): void {
    const head = this.#takeHead();
    if (!this.#isWithin(bytes.length)) return;
    const before = this.#isChunked ? `${head}${bytes.length.toString(16)}\r\n` : head;
    const after = this.#isChunked ? `\r\n${end}` : end;
    const { socket } = this.#carrier;
    socket.cork();
    if (before !== '') socket.write(before, 'latin1');
    if (onWritten === undefined) socket.write(bytes);
    else
      socket.write(bytes, (error) => {
        if (!error) onWritten();
      });
    if (after !== '') socket.write(after, 'latin1');
    socket.uncork();
  }

  #endText(chunk: string): void {
    const text = this.#gathered + chunk;
    this.#gathered = '';
    this.#writeText(text, this.#isChunked && this.#hasBody ? LAST_CHUNK : '');
  }

  #endBytes(chunk: Uint8Array): void {
    const { socket } = this.#carrier;
    socket.cork();
    this.flush();
    if (chunk.length === 0 || !this.#hasBody) this.#endText('');
    else this.#writeBytes(chunk, this.#isChunked ? LAST_CHUNK : '');
    socket.uncork();
  }
}
