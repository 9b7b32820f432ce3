/** The head of a request as text, and what must not get into one. */

import { TracelessError } from '../../errors.ts';
import { HOP_BY_HOP } from '../../hop-by-hop.ts';

/** Headers that cannot be sent: the fault of whoever gave them, told before anything was sent. Its message is for the log. */
export class HeadRefused extends TracelessError {
  readonly code = 'HEAD_REFUSED';
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** Visible characters and spaces; others end lines, or mean something else elsewhere. */
const NOT_TEXT = /[^\t\x20-\x7e\x80-\xff]/;
const NOT_TARGET = /[^\x21-\x7e]/;

/** They belong to the connection (RFC 9110, 7.6.1) or to the framing, which are the client's own. */
const OWN: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'content-length', 'expect', 'host']);

/** The field lines of flat names and values. Throws a HeadRefused. */
export const fieldLines = (headers: readonly string[]): string => {
  let text = '';
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    if (!TOKEN.test(name) || OWN.has(name.toLowerCase()) || NOT_TEXT.test(value))
      throw new HeadRefused(`the header ${JSON.stringify(name)} cannot be sent`);
    text += `${name}: ${value}\r\n`;
  }
  return text;
};

/** The first lines of a head. Throws a HeadRefused. */
export const requestLines = (method: string, target: string, host: string): string => {
  if (!TOKEN.test(method) || NOT_TARGET.test(target) || target === '' || NOT_TARGET.test(host))
    throw new HeadRefused('a method or target that cannot be sent');
  return `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n`;
};
