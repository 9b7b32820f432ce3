/** Checks JSON as its bytes come (RFC 8259), and tells where the members of its outer objects lie. */

/**
 * Told of the members of objects no deeper than `trackedDepth`; the outermost has depth 1. `at` is an offset in the
 * bytes being pushed.
 */
export interface MemberSink {
  /** An object opened; its brace lies before `at`. */
  onOpen(depth: number, at: number): void;
  /** The comma before another member lies at `at`. */
  onComma(depth: number, at: number): void;
  /** A member's value begins at `at` with the byte `first`. */
  onValue(depth: number, at: number, first: number): void;
  /** It ended before `at`. */
  onValueEnd(depth: number, at: number): void;
  /** The object's closing brace lies at `at`. */
  onClose(depth: number, at: number): void;
}

/** Nesting deeper than this is refused: its readers would run out of stack. */
export const MAX_DEPTH = 10_000;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

type State =
  | 'value'
  | 'first-element'
  | 'first-key'
  | 'key'
  | 'colon'
  | 'after'
  | 'string'
  | 'escape'
  | 'hex'
  | 'number'
  | 'literal'
  | 'end';

const LITERALS: Readonly<Record<number, Uint8Array>> = {
  116: Buffer.from('true'),
  102: Buffer.from('false'),
  110: Buffer.from('null'),
};

/** `"\/bfnrt`, what may follow a backslash besides `u`. */
const SHORT_ESCAPES = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) SHORT_ESCAPES[byte] = 1;
const LOWER_U = 117;

/** Whether one of four bytes is a quote, a backslash or a control character, all at once. */
const isSpecial = (word: number): boolean => {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const found =
    (((quote - 0x01010101) | 0) & ~quote) |
    (((backslash - 0x01010101) | 0) & ~backslash) |
    (((word - 0x20202020) | 0) & ~word);
  return (found & 0x80808080) !== 0;
};

/** The top bit of a byte of the word is set where that is a control character. Right up to the first of them. */
const controls = (word: number): number => ((word - 0x20202020) | 0) & ~word;

/** From `from` on, where fewer than 32 bytes are left before `end` or before a control character. */
const skipPrintable = (words: DataView, from: number, end: number): number => {
  let at = from;
  while (at + 32 <= end) {
    const found =
      controls(words.getInt32(at, true)) |
      controls(words.getInt32(at + 4, true)) |
      controls(words.getInt32(at + 8, true)) |
      controls(words.getInt32(at + 12, true)) |
      controls(words.getInt32(at + 16, true)) |
      controls(words.getInt32(at + 20, true)) |
      controls(words.getInt32(at + 24, true)) |
      controls(words.getInt32(at + 28, true));
    if ((found & 0x80808080) !== 0) break;
    at += 32;
  }
  return at;
};

/** In a string that goes on for longer, the next quote and backslash are looked up natively. */
const SHORT_BYTES = 64;

type NumberState = 'minus' | 'zero' | 'int' | 'dot' | 'fraction' | 'e' | 'sign' | 'exponent';

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;
const isE = (byte: number): boolean => byte === 101 || byte === 69;
const DOT = 46;

/** The state after `byte`, or undefined where the number cannot go on with it. */
const nextNumber = (state: NumberState, byte: number): NumberState | undefined => {
  switch (state) {
    case 'minus':
      return byte === ZERO ? 'zero' : isDigit(byte) ? 'int' : undefined;
    case 'zero':
    case 'int':
      if (state === 'int' && isDigit(byte)) return 'int';
      return byte === DOT ? 'dot' : isE(byte) ? 'e' : undefined;
    case 'dot':
    case 'fraction':
      if (isDigit(byte)) return 'fraction';
      return state === 'fraction' && isE(byte) ? 'e' : undefined;
    case 'e':
      if (byte === MINUS || byte === 43) return 'sign';
      return isDigit(byte) ? 'exponent' : undefined;
    case 'sign':
    case 'exponent':
      return isDigit(byte) ? 'exponent' : undefined;
    default:
      return state satisfies never;
  }
};

const mayEnd = (state: NumberState): boolean =>
  state === 'zero' || state === 'int' || state === 'fraction' || state === 'exponent';

const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70);

/** Holds no bytes. One value; after a fault nothing more may be pushed. */
export class JsonScanner {
  /** How deep members are told of. */
  trackedDepth = 1;
  readonly #sink: MemberSink;
  #state: State = 'value';
  #depth = 0;
  /** 1 where the container at a depth is an object. */
  #objects = new Uint8Array(64);
  #isKey = false;
  #hexLeft = 0;
  #literal: Uint8Array = LITERALS[110]!;
  #literalAt = 0;
  #number: NumberState = 'minus';
  /** The first backslash of the chunk that is not passed, or its length; below the place that is read: not looked up. */
  #backslash = -1;

  constructor(sink: MemberSink) {
    this.#sink = sink;
  }

  /** Whether the value is whole; only white space may follow. */
  get ended(): boolean {
    return this.#state === 'end';
  }

  /** Reads on. False: this is no JSON, or nests too deeply. */
  push(chunk: Uint8Array): boolean {
    const words = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    this.#backslash = -1;
    while (at < chunk.length) {
      at = this.#state === 'string' ? this.#string(chunk, words, at) : this.#step(chunk[at]!, at);
      if (at < 0) return false;
    }
    return true;
  }

  /** The offset to go on from; -1 for a fault. */
  #string(chunk: Uint8Array, words: DataView, from: number): number {
    const { length } = chunk;
    let at = this.#skipPlain(chunk, words, from);
    // The usual escapes that lie in one piece are stepped over; the others take the way of single bytes.
    while (at + 1 < length && chunk[at] === BACKSLASH && SHORT_ESCAPES[chunk[at + 1]!] === 1)
      at = this.#skipPlain(chunk, words, at + 2);
    if (at === length) return at;
    if (chunk[at] === BACKSLASH) {
      this.#state = 'escape';
      return at + 1;
    }
    if (chunk[at] !== QUOTE) return -1;
    if (this.#isKey) this.#state = 'colon';
    else this.#valueEnded(at + 1);
    return at + 1;
  }

  /** Where the first byte lies that means something in a string, from `from` on. `words` is the same chunk. */
  #skipPlain(chunk: Uint8Array, words: DataView, from: number): number {
    const { length } = chunk;
    const short = Math.min(length, from + SHORT_BYTES);
    let at = from;
    while (at + 4 <= short && !isSpecial(words.getInt32(at))) at += 4;
    if (at + 4 > short && short < length) at = this.#skipLong(chunk, words, at);
    while (at < length) {
      const byte = chunk[at]!;
      if (byte === QUOTE || byte === BACKSLASH || byte < 32) break;
      at += 1;
    }
    return at;
  }

  #skipLong(chunk: Uint8Array, words: DataView, from: number): number {
    const { length } = chunk;
    if (this.#backslash < from) {
      const found = chunk.indexOf(BACKSLASH, from);
      this.#backslash = found < 0 ? length : found;
    }
    const quote = chunk.indexOf(QUOTE, from);
    return skipPrintable(words, from, Math.min(quote < 0 ? length : quote, this.#backslash));
  }

  #step(byte: number, at: number): number {
    switch (this.#state) {
      case 'escape':
        if (byte === LOWER_U) this.#hexLeft = 4;
        else if (SHORT_ESCAPES[byte] !== 1) return -1;
        this.#state = byte === LOWER_U ? 'hex' : 'string';
        return at + 1;
      case 'hex':
        if (!isHex(byte)) return -1;
        this.#hexLeft -= 1;
        if (this.#hexLeft === 0) this.#state = 'string';
        return at + 1;
      case 'number':
        return this.#inNumber(byte, at);
      case 'literal':
        if (byte !== this.#literal[this.#literalAt]) return -1;
        this.#literalAt += 1;
        if (this.#literalAt === this.#literal.length) this.#valueEnded(at + 1);
        return at + 1;
      default:
        if (byte === 32 || byte === 10 || byte === 13 || byte === 9) return at + 1;
        return this.#token(byte, at);
    }
  }

  #token(byte: number, at: number): number {
    switch (this.#state) {
      case 'value':
        return this.#value(byte, at);
      case 'first-element':
        return byte === CLOSE_BRACKET ? this.#close(at, false) : this.#value(byte, at);
      case 'first-key':
      case 'key':
        if (byte === CLOSE_BRACE && this.#state === 'first-key') return this.#close(at, true);
        if (byte !== QUOTE) return -1;
        this.#isKey = true;
        this.#state = 'string';
        return at + 1;
      case 'colon':
        this.#state = 'value';
        return byte === COLON ? at + 1 : -1;
      case 'after':
        return this.#after(byte, at);
      default:
        return -1;
    }
  }

  #after(byte: number, at: number): number {
    const inObject = this.#objects[this.#depth] === 1;
    if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)
      return inObject === (byte === CLOSE_BRACE) ? this.#close(at, inObject) : -1;
    if (byte !== COMMA) return -1;
    this.#state = inObject ? 'key' : 'value';
    if (inObject && this.#depth <= this.trackedDepth) this.#sink.onComma(this.#depth, at);
    return at + 1;
  }

  #value(byte: number, at: number): number {
    const depth = this.#depth;
    if (depth > 0 && depth <= this.trackedDepth && this.#objects[depth] === 1)
      this.#sink.onValue(depth, at, byte);
    if (byte === QUOTE) {
      this.#isKey = false;
      this.#state = 'string';
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      return this.#open(at, byte === OPEN_BRACE);
    } else if (byte === MINUS || isDigit(byte)) {
      this.#number = byte === MINUS ? 'minus' : byte === ZERO ? 'zero' : 'int';
      this.#state = 'number';
    } else {
      const literal = LITERALS[byte];
      if (literal === undefined) return -1;
      this.#literal = literal;
      this.#literalAt = 1;
      this.#state = 'literal';
    }
    return at + 1;
  }

  #open(at: number, isObject: boolean): number {
    if (this.#depth === MAX_DEPTH) return -1;
    this.#depth += 1;
    if (this.#depth === this.#objects.length) {
      const wider = new Uint8Array(this.#objects.length * 4);
      wider.set(this.#objects);
      this.#objects = wider;
    }
    this.#objects[this.#depth] = isObject ? 1 : 0;
    this.#state = isObject ? 'first-key' : 'first-element';
    if (isObject && this.#depth <= this.trackedDepth) this.#sink.onOpen(this.#depth, at + 1);
    return at + 1;
  }

  #close(at: number, isObject: boolean): number {
    if (isObject && this.#depth <= this.trackedDepth) this.#sink.onClose(this.#depth, at);
    this.#depth -= 1;
    this.#valueEnded(at + 1);
    return at + 1;
  }

  #inNumber(byte: number, at: number): number {
    const next = nextNumber(this.#number, byte);
    if (next !== undefined) {
      this.#number = next;
      return at + 1;
    }
    if (!mayEnd(this.#number)) return -1;
    this.#valueEnded(at);
    return at;
  }

  #valueEnded(at: number): void {
    const depth = this.#depth;
    this.#state = depth === 0 ? 'end' : 'after';
    if (depth > 0 && depth <= this.trackedDepth && this.#objects[depth] === 1)
      this.#sink.onValueEnd(depth, at);
  }
}
