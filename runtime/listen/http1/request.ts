/** A request over HTTP/1.1. */
import type { IncomingHttpHeaders } from 'node:http';
import type { BodySink, KnownAuthorization, WebRequest } from '../exchange.ts';
import type { RequestHead } from './request-head.ts';

/** Where the body of a request comes from. */
export interface BodySource {
  /** A sink was set: it may be told what has come. */
  read(): void;
  /** Nobody wants the rest of the body. */
  discard(): void;
  /** The request is to last, and its head is not asked for any more. */
  forget(): void;
}

const NO_HEADERS: IncomingHttpHeaders = Object.freeze({});
const NOTHING: readonly string[] = Object.freeze([]);

export class Http1Request implements WebRequest {
  readonly httpVersionMajor = 1;
  readonly method: string;
  readonly url: string;
  /** Length of the body, or `CHUNKED`. */
  readonly bodyBytes: number;
  headers: IncomingHttpHeaders;
  rawHeaders: readonly string[];
  readonly repeats: boolean;
  readonly authorization: KnownAuthorization;
  /** Who is told of the body. */
  sink: BodySink | undefined;
  /** Whether all of it has come. */
  complete: boolean;
  readonly #source: BodySource;

  constructor(head: RequestHead, source: BodySource) {
    this.method = head.method;
    this.url = head.target;
    this.bodyBytes = head.bodyBytes;
    this.headers = head.headers;
    this.rawHeaders = head.rawHeaders;
    this.repeats = head.repeats;
    this.authorization = head.authorization;
    this.complete = head.bodyBytes === 0;
    this.#source = source;
  }

  read(sink: BodySink): void {
    this.sink = sink;
    this.#source.read();
  }

  discard(): void {
    if (!this.complete) this.#source.discard();
  }

  /** The body has come whole. */
  end(): void {
    const { sink } = this;
    this.sink = undefined;
    sink?.onEnd();
  }

  /** The rest of the body does not come any more, or is not wanted. */
  lose(): void {
    const { sink } = this;
    this.sink = undefined;
    sink?.onGone();
  }

  /** Lets go of the headers, all of which have been read. */
  forget(): void {
    const agent = this.headers['user-agent'];
    this.headers = agent === undefined ? NO_HEADERS : { 'user-agent': agent };
    this.rawHeaders = NOTHING;
    this.#source.forget();
  }
}
