/** A request over HTTP/2, as node:http2 has it. */
import { constants, type Http2ServerRequest, type ServerHttp2Stream } from 'node:http2';
import type { BodySink, WebRequest } from './exchange.ts';

const ignore = (): void => undefined;

export class Http2Request implements WebRequest {
  readonly httpVersionMajor = 2;
  readonly method: string;
  readonly url: string;
  readonly headers: WebRequest['headers'];
  readonly rawHeaders: readonly string[];
  readonly #request: Http2ServerRequest;

  constructor(request: Http2ServerRequest) {
    this.#request = request;
    this.method = request.method;
    this.url = request.url;
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
  }

  get complete(): boolean {
    return this.#request.readableEnded;
  }

  get stream(): ServerHttp2Stream {
    return this.#request.stream;
  }

  read(sink: BodySink): void {
    let isOver = false;
    this.#request.on('data', (chunk: Buffer) => sink.onData(chunk));
    this.#request.on('end', () => {
      isOver = true;
      sink.onEnd();
    });
    this.#request.on('error', ignore);
    this.#request.on('close', () => {
      if (!isOver) sink.onGone();
    });
  }

  discard(): void {
    if (!this.complete && !this.#request.destroyed) this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** The session holds more of it than that. */
  forget(): void {}
}
