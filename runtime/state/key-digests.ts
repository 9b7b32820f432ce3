/** Digests of keys, in words. Those that come again soon are remembered: each costs more than all that is done with it. */
import { hash } from 'node:crypto';
import { textHash } from '../traffic/text-hash.ts';

/** No two keys have the same words. */
export const KEY_WORDS = 4;

const REMEMBERED = 1024;
/** In characters. Longer ones are not remembered, so that nobody fills the memory with one key's text. */
const MAX_KEY_LENGTH = 256;

/** Each key has one place where it is remembered, and gives way to the next that has the same. */
export class KeyDigests {
  readonly #salt: string;
  readonly #keys = new Array<string | undefined>(REMEMBERED).fill(undefined);
  readonly #words = new Int32Array(REMEMBERED * KEY_WORDS);

  /** @param salt what digests begin with: who does not know it cannot look for keys whose digests are alike */
  constructor(salt = '') {
    this.#salt = salt;
  }

  /** Writes the words of `key` to `words`. */
  read(key: string, words: Int32Array): void {
    if (key.length > MAX_KEY_LENGTH) {
      this.#digest(key, words, 0);
      return;
    }
    const place = textHash(key) & (REMEMBERED - 1);
    const at = place * KEY_WORDS;
    if (this.#keys[place] !== key) {
      this.#digest(key, this.#words, at);
      this.#keys[place] = key;
    }
    for (let word = 0; word < KEY_WORDS; word += 1) words[word] = this.#words[at + word]!;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#keys.filter((key) => key !== undefined).length;
  }

  #digest(key: string, words: Int32Array, at: number): void {
    const bytes = hash('sha256', this.#salt + key, 'buffer');
    for (let word = 0; word < KEY_WORDS; word += 1) words[at + word] = bytes.readInt32LE(word * 4);
  }
}
