/** An artifact on a web server, with its signature beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadUndici } from '../../undici.ts';
import { arePair, type Trust } from '../compile.ts';
import { ABSENT } from '../snapshot.ts';
import type { Address } from './address.ts';
import { MAX_ARTIFACT_BYTES, MAX_SIGNATURE_BYTES } from './bounds.ts';
import { type HttpBody, HttpDocument } from './http-document.ts';
import { type Fetched, fetchedPair, type Source } from './source.ts';

/** How often a pair that does not fit is fetched again before it is judged as it is: somebody may be replacing it. */
const MAX_TRIES = 4;
const PAUSE_MS = 250;

export class HttpSource implements Source {
  readonly #url: string;
  readonly #trust: Trust;
  readonly #agent = loadUndici().then(
    ({ Agent }) => new Agent({ connect: { rejectUnauthorized: true }, connections: 2, pipelining: 1 }),
  );
  readonly #artifact: HttpDocument;
  readonly #signature: HttpDocument;
  #last: Fetched | undefined;

  constructor({ url, signatureUrl }: Extract<Address, { kind: 'http' }>, trust: Trust) {
    this.#url = url;
    this.#trust = trust;
    const dispatcher = this.#agent;
    this.#artifact = new HttpDocument({ url, maxBytes: MAX_ARTIFACT_BYTES, dispatcher });
    this.#signature = new HttpDocument({ url: signatureUrl, maxBytes: MAX_SIGNATURE_BYTES, dispatcher });
  }

  async fetch(signal: AbortSignal): Promise<Fetched> {
    for (let tries = 1; ; tries += 1) {
      const artifact = await this.#artifact.fetch(signal);
      if (artifact === undefined) throw new Error('there is nothing at this address');
      const signature = await this.#signature.fetch(signal);
      const revision = `${artifact.digest}:${signature?.digest ?? ABSENT}`;
      if (this.#last?.revision === revision) return this.#last;
      const isPair = arePair(artifact.bytes, signature?.bytes, this.#trust);
      if (isPair || tries === MAX_TRIES) return this.#take(revision, artifact, signature);
      this.#artifact.forget();
      this.#signature.forget();
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }

  async close(): Promise<void> {
    await (await this.#agent).destroy();
  }

  #take(revision: string, artifact: HttpBody, signature: HttpBody | undefined): Fetched {
    const main = this.#url;
    this.#last = fetchedPair({
      revision,
      main,
      artifact: artifact.bytes,
      signature: signature?.bytes,
      publishedAtMs: artifact.modifiedAtMs,
    });
    return this.#last;
  }
}
