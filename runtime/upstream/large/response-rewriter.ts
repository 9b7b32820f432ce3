/** A JSON-RPC response with a result, rewritten as its bytes come: what is not named stays as it came. */
import { JsonScanner, type MemberSink } from './json-scanner.ts';
import { Utf8Check } from './utf8-check.ts';

/**
 * What becomes of a member of the result. `read` passes it on and tells its value, `take` tells it and leaves it out;
 * `edit` changes its text, unless that is too long: then it passes; `enter` changes the members of an object, however
 * long it is; `whole` says that this result cannot be passed on in pieces.
 */
export type MemberUse = 'pass' | 'drop' | 'read' | 'take' | 'edit' | 'enter' | 'whole';

/** What changes in the members of an object. */
export interface InnerEdits {
  drops(key: string): boolean;
  /** Members put last, as JSON text without braces; empty for none. */
  readonly last: string;
}

/** What changes in a response on its way. */
export interface ResponseEdits {
  /** JSON text in place of the id. */
  readonly idText: string;
  /** Members put first in the result, as JSON text without braces; empty for none. */
  readonly added: string;
  /** Members put last in the result, likewise; asked for when all others have been told. */
  addedLast(): string;
  /** `first` is the first byte of the value. */
  member(key: string, first: number): MemberUse;
  /** The text in place of that of a member that is edited; undefined leaves it out. */
  edit(key: string, text: string): string | undefined;
  /** What changes in members that are entered. */
  readonly inner?: InnerEdits | undefined;
  /** The value of a member that is read; undefined for one that is no short scalar. */
  read(key: string, value: string | number | boolean | null | undefined): 'pass' | 'whole';
}

/** White space and keys between values are held until it is known what becomes of the value. */
const MAX_HELD_BYTES = 64 * 1024;
const MAX_READ_BYTES = 64;
const MAX_ROOT_MEMBERS = 64;

const COMMA = 44;
const LOWER_N = 110;
const OPEN_BRACE = 123;

type Scalar = string | number | boolean | null;

/** `undecided` until the result begins. `other`: something that is read whole, or not at all. */
export type RewriteState = 'undecided' | 'result' | 'other' | 'fault';

const scalarOf = (bytes: Buffer): Scalar | undefined => {
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  return typeof value === 'object' && value !== null ? undefined : (value as Scalar);
};

export class ResponseRewriter implements MemberSink {
  state: RewriteState = 'undecided';
  /** Why the state is `fault`; for the log. */
  fault = '';
  /** Whether a result has begun, and nothing that says that this is none. */
  get hasResult(): boolean {
    return this.state !== 'other' && this.#rootKeys.has('result');
  }

  /** The id, as soon as it was read. */
  id: string | number | boolean | null | undefined;
  readonly #wantedId: number | undefined;
  readonly #edits: ResponseEdits;
  readonly #scanner = new JsonScanner(this);
  readonly #utf8 = new Utf8Check();
  #chunk: Buffer = Buffer.alloc(0);
  #out: Buffer[] = [];
  /** What lies before it in the chunk was given out, held or left out. */
  #from = 0;
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #cutting = false;
  #captured: Buffer[] | undefined;
  #capturedBytes = 0;
  /** What stands before the value that is being edited. */
  #edited: Buffer | undefined;
  #key = '';
  #committed = false;
  readonly #rootKeys = new Set<string>();
  /** How many members of the object at a depth were given out. */
  readonly #kept = [0, 0, 0, 0];

  /** @param wantedId the id that the response must have; undefined: any */
  constructor(wantedId: number | undefined, edits: ResponseEdits) {
    this.#wantedId = wantedId;
    this.#edits = edits;
  }

  /** Whether some of what was pushed is neither given out nor left out, but read later. */
  get keepsBytes(): boolean {
    return (this.#held?.length ?? 0) > 0 || (this.#captured?.length ?? 0) > 0;
  }

  /** What was given out is on its way: from now on what has to be read whole is a fault. */
  commit(): void {
    this.#committed = true;
  }

  /** Reads on and gives out what can be. Nothing of use comes out for `other` and `fault`. */
  push(chunk: Buffer): readonly Buffer[] {
    if (this.#isOver()) return [];
    this.#chunk = chunk;
    this.#from = 0;
    this.#out = [];
    if (!this.#utf8.push(chunk)) this.#fail('not UTF-8');
    else if (!this.#scanner.push(chunk)) this.#fail('not JSON, or nested too deeply');
    this.#giveOut(chunk.length);
    return this.#out;
  }

  /** All has come. False: the response is not whole, and `fault` says why. */
  end(): boolean {
    if (this.state === 'fault') return false;
    if (!this.#scanner.ended || !this.#utf8.whole) this.#fail('the response broke off');
    else if (!this.#rootKeys.has('result')) this.#fail('no response');
    else if (!this.#rootKeys.has('id')) this.#fail('a response without an id');
    return !this.#isOver();
  }

  onOpen(depth: number, at: number): void {
    if (this.#isOver()) return;
    this.#giveOut(at);
    this.#kept[depth] = 0;
    if (depth === 2 && this.#edits.added !== '') {
      this.#out.push(Buffer.from(this.#edits.added));
      this.#kept[depth] = 1;
    }
    this.#hold();
  }

  onComma(_depth: number, at: number): void {
    if (this.#isOver()) return;
    this.#giveOut(at);
    this.#hold();
  }

  onValue(depth: number, at: number, first: number): void {
    this.#giveOut(at);
    if (this.#isOver()) return;
    const held = Buffer.concat(this.#held ?? []);
    this.#held = undefined;
    const start = held.indexOf('"');
    this.#key = JSON.parse(held.toString('utf8', start, held.lastIndexOf('"') + 1)) as string;
    const use = this.#useOf(depth, first);
    this.#cutting = use === 'drop' || use === 'take' || use === 'edit';
    this.#edited = use === 'edit' ? held : undefined;
    if (use === 'whole') this.#other('a result that has to be read whole');
    if (use === 'enter') this.#scanner.trackedDepth = 3;
    if (use === 'read' || use === 'take' || use === 'edit') this.#capture();
    if (!this.#cutting) this.#keep(depth, held);
    // The id is put in when it was read.
    if (depth === 1 && this.#key === 'id') this.#cutting = true;
  }

  onValueEnd(depth: number, at: number): void {
    this.#giveOut(at);
    if (this.#isOver()) return;
    this.#cutting = false;
    if (depth === 2) this.#scanner.trackedDepth = 2;
    if (depth === 1 && this.#key === 'result') this.#scanner.trackedDepth = 1;
    const captured = this.#captured;
    if (captured === undefined) return;
    this.#captured = undefined;
    if (this.#edited !== undefined) {
      this.#endEdit(depth, this.#edited, Buffer.concat(captured).toString('utf8'));
      return;
    }
    const value = this.#capturedBytes > MAX_READ_BYTES ? undefined : scalarOf(Buffer.concat(captured));
    if (depth === 1) this.#readId(value);
    else if (this.#edits.read(this.#key, value) === 'whole')
      this.#other('a result that has to be read whole');
  }

  onClose(depth: number, at: number): void {
    this.#giveOut(at);
    if (this.#isOver()) return;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#out.push(...held);
    if (depth === 2) this.#addLast(depth, this.#edits.addedLast());
    if (depth === 3) this.#addLast(depth, this.#edits.inner?.last ?? '');
    // The next `}` at depth 1 closes the response, after the result's own.
    if (depth === 2) this.#key = 'result';
  }

  #addLast(depth: number, added: string): void {
    if (added !== '') this.#out.push(Buffer.from(this.#kept[depth]! > 0 ? `,${added}` : added));
  }

  #useOf(depth: number, first: number): MemberUse {
    if (depth === 1) return this.#rootMember(first);
    if (depth === 2) return this.#edits.member(this.#key, first);
    return this.#edits.inner?.drops(this.#key) === true ? 'drop' : 'pass';
  }

  #rootMember(first: number): MemberUse {
    const key = this.#key;
    if (this.#rootKeys.has(key)) this.#fail('a response with a member twice');
    if (this.#rootKeys.size === MAX_ROOT_MEMBERS) this.#fail('a response with too many members');
    this.#rootKeys.add(key);
    switch (key) {
      case 'id':
        this.#capture();
        return 'pass';
      case 'result':
        if (first !== OPEN_BRACE) this.#other('a result that is no object');
        if (this.state === 'undecided') this.state = 'result';
        this.#scanner.trackedDepth = 2;
        return 'pass';
      case 'error':
        // Some put `null` in place of the member that JSON-RPC wants absent.
        if (first !== LOWER_N) this.#other('a response with both result and error');
        return 'drop';
      case 'method':
        this.#other('a response with a method');
        return 'pass';
      default:
        return 'pass';
    }
  }

  #endEdit(depth: number, before: Buffer, text: string): void {
    this.#edited = undefined;
    const edited = this.#edits.edit(this.#key, text);
    if (edited === undefined) return;
    this.#keep(depth, before);
    this.#out.push(Buffer.from(edited));
  }

  #readId(value: Scalar | undefined): void {
    this.id = value;
    if (this.#wantedId !== undefined && value !== this.#wantedId) this.#fail('response to another request');
    this.#out.push(Buffer.from(this.#edits.idText));
  }

  /** Gives out what was held before a value, with the comma that its place asks for. */
  #keep(depth: number, held: Buffer): void {
    const hasComma = held[0] === COMMA;
    const wantsComma = this.#kept[depth]! > 0;
    if (wantsComma && !hasComma) this.#out.push(Buffer.from(','));
    this.#out.push(hasComma && !wantsComma ? held.subarray(1) : held);
    this.#kept[depth] = 1;
  }

  #hold(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #capture(): void {
    this.#captured = [];
    this.#capturedBytes = 0;
  }

  /** The value is too long to be changed. */
  #giveUpEdit(before: Buffer, captured: readonly Buffer[]): void {
    this.#keep(2, before);
    this.#out.push(...captured);
    this.#edited = undefined;
    this.#captured = undefined;
    this.#cutting = false;
  }

  /** Deals with the bytes up to `at`, which are all of one kind. */
  #giveOut(at: number): void {
    if (at <= this.#from) return;
    const part = this.#chunk.subarray(this.#from, at);
    this.#from = at;
    if (this.#captured !== undefined) {
      this.#capturedBytes += part.length;
      if (this.#capturedBytes <= (this.#edited === undefined ? MAX_READ_BYTES : MAX_HELD_BYTES))
        this.#captured.push(part);
      else if (this.#edited !== undefined) this.#giveUpEdit(this.#edited, this.#captured);
    }
    if (this.#cutting) return;
    if (this.#held === undefined) {
      this.#out.push(part);
      return;
    }
    this.#heldBytes += part.length;
    if (this.#heldBytes > MAX_HELD_BYTES) this.#fail('a key is too long');
    else this.#held.push(part);
  }

  #isOver(): boolean {
    return this.state === 'fault' || this.state === 'other';
  }

  /** Not a thing for pieces. */
  #other(why: string): void {
    if (this.#isOver()) return;
    this.state = this.#committed ? 'fault' : 'other';
    this.fault = why;
  }

  #fail(why: string): void {
    if (this.#isOver()) return;
    this.state = 'fault';
    this.fault = why;
  }
}
