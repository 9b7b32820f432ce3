/** Bytes to text: UTF-8 and nothing else, a leading byte order mark taken off. */
import type { Report } from '../diagnostics/report.ts';
import { type SourceFile, sourceFile } from './source-file.ts';

const MAX_BYTES = 4 * 1024 * 1024;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const lenientUtf8 = new TextDecoder('utf-8');

const guessEncoding = (bytes: Uint8Array): string | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'UTF-16 (little endian)';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16 (big endian)';
  return undefined;
};

const isUtf8 = (bytes: Uint8Array, isPrefix: boolean): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isPrefix });
    return true;
  } catch {
    return false;
  }
};

/** Length of the longest prefix that is whole UTF-8; what follows it is the byte at fault. */
const validPrefixLength = (bytes: Uint8Array): number => {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) low = middle;
    else high = middle - 1;
  }
  // The prefix may end within a character that never gets its other bytes.
  while (!isUtf8(bytes.subarray(0, low), false)) low--;
  return low;
};

/** The file's text; undefined, with a finding, if it is no text or too long. */
export const decode = (
  path: string,
  bytes: Uint8Array,
  report: Report,
  maxBytes = MAX_BYTES,
): SourceFile | undefined => {
  if (bytes.length > maxBytes) {
    const place = { file: sourceFile(path, ''), start: 0, end: 0 };
    report('GW0018', place, { what: 'the file', limit: maxBytes, unit: 'byte' });
    return undefined;
  }
  try {
    return sourceFile(path, strictUtf8.decode(bytes));
  } catch {
    const offset = Math.min(validPrefixLength(bytes), bytes.length - 1);
    const prefix = lenientUtf8.decode(bytes.subarray(0, offset));
    const byte = `0x${bytes[offset]!.toString(16).padStart(2, '0')}`;
    const file = sourceFile(path, prefix);
    const place = { file, start: prefix.length, end: prefix.length };
    report('GW0005', place, { byte, offset, encoding: guessEncoding(bytes) });
    return undefined;
  }
};
