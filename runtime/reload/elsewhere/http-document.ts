/** One document at a URL, asked for again and again: what has not changed is not sent again. */
import type { Dispatcher } from 'undici';
import { loadUndici } from '../../undici.ts';
import { digestOf } from '../snapshot.ts';

/** As it was when it was fetched last. Another object only if its bytes are others. */
export interface HttpBody {
  readonly bytes: Uint8Array;
  readonly digest: string;
  /** Milliseconds since the epoch, as the server says. */
  readonly modifiedAtMs: number | undefined;
}

export interface HttpDocumentOptions {
  readonly url: string;
  readonly maxBytes: number;
  readonly dispatcher: Promise<Dispatcher>;
}

/** Longer ones are not sent back. */
const MAX_ETAG = 1024;

const ABSENT_STATUS: ReadonlySet<number> = new Set([404, 410]);

const textOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

const problemOf = (status: number): string =>
  status >= 300 && status < 400
    ? `it answers ${status}, and redirects are not followed`
    : `it answers ${status}`;

export class HttpDocument {
  readonly #options: HttpDocumentOptions;
  #body: HttpBody | undefined;
  #etag: string | undefined;

  constructor(options: HttpDocumentOptions) {
    this.#options = options;
  }

  /** The document as it is now; undefined if there is none. Rejects with what stands in the way. */
  async fetch(signal: AbortSignal): Promise<HttpBody | undefined> {
    const { url, dispatcher } = this.#options;
    const headers: Record<string, string> = { 'accept-encoding': 'identity', 'cache-control': 'no-cache' };
    if (this.#etag !== undefined) headers['if-none-match'] = this.#etag;
    const { request } = await loadUndici();
    const response = await request(url, { dispatcher: await dispatcher, headers, signal });
    const { statusCode } = response;
    if (statusCode === 200) return await this.#take(response);
    // What follows is of no use, and may be endless.
    response.body.on('error', () => {}).destroy();
    if (statusCode === 304 && this.#etag !== undefined) return this.#body;
    if (ABSENT_STATUS.has(statusCode)) return undefined;
    throw new Error(problemOf(statusCode));
  }

  /** Fetches all of it the next time. */
  forget(): void {
    this.#etag = undefined;
  }

  async #take({ headers, body }: Dispatcher.ResponseData): Promise<HttpBody> {
    const bytes = await this.#bytes(body);
    const encoding = textOf(headers['content-encoding']) ?? 'identity';
    if (encoding !== 'identity') throw new Error(`it is encoded as ${encoding}, which was not asked for`);
    const digest = digestOf(bytes);
    const modifiedAtMs = Date.parse(textOf(headers['last-modified']) ?? '');
    const etag = textOf(headers.etag);
    this.#etag = etag !== undefined && etag.length <= MAX_ETAG ? etag : undefined;
    if (this.#body?.digest !== digest)
      this.#body = { bytes, digest, modifiedAtMs: Number.isNaN(modifiedAtMs) ? undefined : modifiedAtMs };
    return this.#body;
  }

  async #bytes(body: Dispatcher.ResponseData['body']): Promise<Uint8Array> {
    const { maxBytes } = this.#options;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
}
