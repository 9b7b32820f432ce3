/** JSON text in canonical form: equal texts for equal values, however they were written. */

/** One walk over JSON text that JSON.parse has accepted. Numbers count as they are written. */
class Canonical {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** The value at hand, without white space, keys in order. */
  value(dropped?: ReadonlySet<string>): string {
    this.#space();
    const opening = this.#text[this.#at];
    if (opening === '{') return this.#object(dropped);
    if (opening === '[') return this.#array();
    return opening === '"' ? this.#string() : this.#scalar();
  }

  #object(dropped: ReadonlySet<string> | undefined): string {
    const members: (readonly [string, string])[] = [];
    this.#at += 1;
    for (this.#space(); this.#text[this.#at] !== '}'; this.#next()) {
      const key = this.#string();
      this.#space();
      this.#at += 1;
      const value = this.value();
      if (dropped === undefined || !dropped.has(JSON.parse(key))) members.push([key, value]);
    }
    this.#at += 1;
    members.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, value]) => `${key}:${value}`).join(',')}}`;
  }

  #array(): string {
    const values: string[] = [];
    this.#at += 1;
    for (this.#space(); this.#text[this.#at] !== ']'; this.#next()) values.push(this.value());
    this.#at += 1;
    return `[${values.join(',')}]`;
  }

  /** Strings are the same however they are escaped. */
  #string(): string {
    const start = this.#at;
    for (let end = start; ; ) {
      end = this.#text.indexOf('"', end + 1);
      let slashes = 0;
      while (this.#text[end - 1 - slashes] === '\\') slashes += 1;
      if (slashes % 2 === 1) continue;
      this.#at = end + 1;
      const raw = this.#text.slice(start, this.#at);
      return raw.includes('\\') ? JSON.stringify(JSON.parse(raw)) : raw;
    }
  }

  #scalar(): string {
    SCALAR.lastIndex = this.#at;
    const raw = SCALAR.exec(this.#text)![0];
    this.#at += raw.length;
    return raw;
  }

  /** To the next element or the closing bracket. */
  #next(): void {
    this.#space();
    if (this.#text[this.#at] === ',') this.#at += 1;
    this.#space();
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)![0].length;
  }
}

const SCALAR = /[^\s,\]}]+/y;
const SPACE = /[ \t\r\n]*/y;

/**
 * The value that starts at `at`, without white space, the keys of each object in order, without its own members in
 * `dropped`. Expects text that JSON.parse has accepted, in which no object has a key twice.
 */
export const canonicalJson = (text: string, at: number, dropped?: ReadonlySet<string>): string =>
  new Canonical(text, at).value(dropped);
