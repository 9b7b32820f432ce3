/** Reads and judges the replies of one kept connection, one at a time, at next to no cost once it knows them. */
import { isRightAnswer } from './call.ts';

const STATUS_OK_TEXT = 'HTTP/1.1 200 ';
const STATUS_OK = Buffer.from(STATUS_OK_TEXT);
const HEAD_END = Buffer.from('\r\n\r\n');

/** `pending`: more bytes are needed. `wrong` carries what was wrong with the reply. */
export type Verdict = 'pending' | 'right' | { readonly wrong: string };

/**
 * A reply is right if its status is 200, its Content-Length holds and its body is the answer to the call `id`. The
 * first is parsed; later ones with the same bytes in their body need no parsing.
 */
export class ReplyReader {
  readonly #id: number;
  #known = Buffer.alloc(0);
  /** The Content-Length line of the reply that `#known` is from. */
  #lengthLine = Buffer.alloc(0);
  #partial = Buffer.alloc(0);

  constructor(id: number) {
    this.#id = id;
  }

  /** Takes the next bytes. `chunk` may be reused by the caller afterwards. */
  read(chunk: Buffer): Verdict {
    if (this.#partial.length === 0 && this.#isKnown(chunk)) return 'right';
    this.#partial = Buffer.concat([this.#partial, chunk]);
    const verdict = this.#judge(this.#partial);
    if (verdict !== 'pending') this.#partial = Buffer.alloc(0);
    return verdict;
  }

  /** A whole reply in one chunk whose status, length and body equal those of one that was judged right. */
  #isKnown(chunk: Buffer): boolean {
    const known = this.#known;
    const bodyAt = chunk.length - known.length;
    return (
      known.length > 0 &&
      bodyAt > STATUS_OK.length &&
      chunk.compare(known, 0, known.length, bodyAt) === 0 &&
      chunk.compare(HEAD_END, 0, HEAD_END.length, bodyAt - HEAD_END.length, bodyAt) === 0 &&
      chunk.compare(STATUS_OK, 0, STATUS_OK.length, 0, STATUS_OK.length) === 0 &&
      chunk.subarray(0, bodyAt).includes(this.#lengthLine)
    );
  }

  #judge(bytes: Buffer): Verdict {
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1) return 'pending';
    const head = bytes.toString('latin1', 0, headEnd);
    const [lengthLine, length] = /\r\ncontent-length:[ \t]*(\d+)(?=\r\n|$)/i.exec(head) ?? [];
    if (lengthLine === undefined || length === undefined) return { wrong: `no Content-Length:\n${head}` };
    const bodyAt = headEnd + HEAD_END.length;
    const end = bodyAt + Number(length);
    if (bytes.length < end) return 'pending';
    const body = bytes.toString('utf8', bodyAt, end);
    if (bytes.length > end) return { wrong: `bytes after the reply:\n${bytes.toString('latin1', end)}` };
    if (!head.startsWith(STATUS_OK_TEXT) || !isRightAnswer(body, this.#id))
      return { wrong: `${head}\n\n${body}` };
    this.#known = Buffer.from(bytes.subarray(bodyAt, end));
    this.#lengthLine = Buffer.from(`${lengthLine}\r\n`);
    return 'right';
  }
}
