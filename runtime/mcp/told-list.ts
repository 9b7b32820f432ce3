/** A list as one caller is told it: its items in order, cut into pages. */
import { createHash } from 'node:crypto';

/** How much a page holds at most; one item always fits. */
export interface PageBounds {
  readonly pageItems: number;
  readonly pageBytes: number;
}

export interface Page {
  /**
   * The items as JSON text, with commas between them, and behind them what ends a response whose result has them as
   * its last member; as UTF-8 bytes where that is much.
   */
  readonly ending: string | Buffer;
  /** The index of the first item after it. */
  readonly end: number;
  /** Whether more items follow. */
  readonly hasNext: boolean;
}

const RESULT_END = ']}}';
/** From here on it is quicker to send bytes that are there than to make them from text. */
const MUCH = 16 * 1024;

/** More pages of one list than this are not kept. */
const MAX_KEPT_PAGES = 64;

export class ToldList {
  readonly #texts: readonly string[];
  readonly #bounds: PageBounds;
  readonly #pages = new Map<number, Page>();
  readonly #digests = new Map<number, string>();
  /** About what it holds, in bytes: items and pages. */
  readonly size: number;

  constructor(texts: readonly string[], bounds: PageBounds) {
    this.#texts = texts;
    this.#bounds = bounds;
    this.size = 2 * texts.reduce((sum, text) => sum + text.length, 0);
  }

  /** The page that begins with the item at `start`. */
  page(start: number): Page {
    const known = this.#pages.get(start);
    if (known !== undefined) return known;
    const page = this.#cut(start);
    if (this.#pages.size >= MAX_KEPT_PAGES) this.#pages.clear();
    this.#pages.set(start, page);
    return page;
  }

  /**
   * A digest of the items before `end`, undefined if there are not that many. Where it is the same as when a page
   * ended there, what follows continues what was told: nothing is lost and nothing told twice.
   */
  digest(end: number): string | undefined {
    if (end > this.#texts.length) return undefined;
    const known = this.#digests.get(end);
    if (known !== undefined) return known;
    const hash = createHash('sha256');
    for (let at = 0; at < end; at += 1) {
      const text = this.#texts[at]!;
      hash.update(`${text.length}\n${text}`);
    }
    const digest = hash.digest('base64url');
    if (this.#digests.size >= MAX_KEPT_PAGES) this.#digests.clear();
    this.#digests.set(end, digest);
    return digest;
  }

  #cut(start: number): Page {
    const { pageItems, pageBytes } = this.#bounds;
    const last = Math.min(this.#texts.length, start + pageItems);
    let bytes = 0;
    let end = start;
    while (end < last) {
      bytes += Buffer.byteLength(this.#texts[end]!) + 1;
      if (bytes > pageBytes && end > start) break;
      end += 1;
    }
    const text = this.#texts.slice(start, end).join() + RESULT_END;
    return { ending: text.length < MUCH ? text : Buffer.from(text), end, hasNext: end < this.#texts.length };
  }
}
