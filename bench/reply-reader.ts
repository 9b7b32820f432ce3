/** Reads and judges the replies of one kept connection, one at a time, at next to no cost once it knows them. */
import { isRightAnswer, type ReplyKind } from './call.ts';

const STATUS_OK_TEXT = 'HTTP/1.1 200 ';
const STATUS_OK = Buffer.from(STATUS_OK_TEXT);
const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** `pending`: more bytes are needed. `wrong` carries what was wrong with the reply. */
export type Verdict = 'pending' | 'right' | { readonly wrong: string };

/** What the header block says of the bytes that follow. */
interface Head {
  readonly text: string;
  readonly bodyAt: number;
  /** The line that tells where the body ends. */
  readonly framing: string;
  /** Undefined for chunks. */
  readonly length: number | undefined;
}

const headOf = (bytes: Buffer): Head | 'pending' | { readonly wrong: string } => {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return 'pending';
  const text = bytes.toString('latin1', 0, headEnd);
  const bodyAt = headEnd + HEAD_END.length;
  const [lengthLine, length] = /\r\ncontent-length:[ \t]*(\d+)(?=\r\n|$)/i.exec(text) ?? [];
  if (lengthLine !== undefined) return { text, bodyAt, framing: lengthLine, length: Number(length) };
  const [chunked] = /\r\ntransfer-encoding:[ \t]*chunked(?=\r\n|$)/i.exec(text) ?? [];
  if (chunked !== undefined) return { text, bodyAt, framing: chunked, length: undefined };
  return { wrong: `neither Content-Length nor chunks:\n${text}` };
};

/** The content of chunks, or undefined where they do not end with the bytes. */
const unchunked = (bytes: Buffer): Buffer | undefined => {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (lineEnd === -1 || !(length >= 0)) return undefined;
    const from = lineEnd + 2;
    if (length === 0) return from + 2 === bytes.length ? Buffer.concat(parts) : undefined;
    parts.push(bytes.subarray(from, from + length));
    at = from + length + 2;
    if (at > bytes.length) return undefined;
  }
};

/**
 * A reply is right if its status is 200, its framing holds and its body is the answer to the call `id`. The first is
 * parsed; later ones with the same bytes in their body need no parsing.
 */
export class ReplyReader {
  readonly #id: number;
  readonly #kind: ReplyKind;
  #known = Buffer.alloc(0);
  /** The line of the reply that `#known` is from which tells where it ends. */
  #framing = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #length = 0;
  #head: Head | undefined;

  constructor(id: number, kind: ReplyKind = 'small') {
    this.#id = id;
    this.#kind = kind;
  }

  /** Takes the next bytes. `chunk` may be reused by the caller afterwards. */
  read(chunk: Buffer): Verdict {
    if (this.#length === 0 && this.#isKnown(chunk)) return 'right';
    this.#parts.push(Buffer.from(chunk));
    this.#length += chunk.length;
    const verdict = this.#judge();
    if (verdict !== 'pending') {
      this.#parts = [];
      this.#length = 0;
      this.#head = undefined;
    }
    return verdict;
  }

  /** A whole reply in one chunk whose status, framing and body equal those of one that was judged right. */
  #isKnown(chunk: Buffer): boolean {
    const known = this.#known;
    const bodyAt = chunk.length - known.length;
    return (
      known.length > 0 &&
      bodyAt > STATUS_OK.length &&
      chunk.compare(known, 0, known.length, bodyAt) === 0 &&
      chunk.compare(HEAD_END, 0, HEAD_END.length, bodyAt - HEAD_END.length, bodyAt) === 0 &&
      chunk.compare(STATUS_OK, 0, STATUS_OK.length, 0, STATUS_OK.length) === 0 &&
      chunk.subarray(0, bodyAt).includes(this.#framing)
    );
  }

  #judge(): Verdict {
    if (this.#head === undefined) {
      const head = headOf(this.#whole());
      if (head === 'pending' || 'wrong' in head) return head;
      this.#head = head;
    }
    const { text, bodyAt, framing, length } = this.#head;
    if (length === undefined ? !this.#endsWithLastChunk() : this.#length < bodyAt + length) return 'pending';
    const raw = this.#whole().subarray(bodyAt);
    if (length !== undefined && raw.length > length)
      return { wrong: `bytes after the reply:\n${raw.toString('latin1', length)}` };
    const isKnown = this.#known.length > 0 && raw.equals(this.#known);
    const body = length === undefined ? unchunked(raw) : raw;
    // The last chunk is as five bytes of another one may be.
    if (body === undefined) return 'pending';
    if (
      !text.startsWith(STATUS_OK_TEXT) ||
      !(isKnown || isRightAnswer(body.toString(), this.#id, this.#kind))
    )
      return { wrong: `${text}\n\n${body.toString('utf8', 0, 2_000)}` };
    this.#known = Buffer.from(raw);
    this.#framing = Buffer.from(`${framing}\r\n`);
    return 'right';
  }

  #whole(): Buffer {
    const [first] = this.#parts;
    if (this.#parts.length > 1 || first === undefined) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0]!;
  }

  #endsWithLastChunk(): boolean {
    const last = this.#parts.at(-1)!;
    const tail = last.length >= LAST_CHUNK.length ? last : this.#whole();
    return tail.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }
}
