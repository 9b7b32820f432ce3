/** Which upstream a result or an item comes from, told to clients where the server's `provenance` is on. */

import { membersAt, memberText } from '../json-members.ts';
import type { Message as UpstreamMessage } from '../upstream/message.ts';
import { applyEdits, rewriteObject } from './splice.ts';

/** The member of `_meta` that names the upstream. */
export const LABEL = 'io.gatewright/upstream';
const LABELS: ReadonlySet<string> = new Set([LABEL]);
const META: ReadonlySet<string> = new Set(['_meta']);

/** The object text with the upstream's name in its `_meta`, and no other name: what an upstream writes there is not told. */
export const labelled = (text: string, upstream: string): string => {
  const told = memberText(text, membersAt(text, 0), '_meta');
  const meta = rewriteObject(told ?? '{}', LABELS, [[LABEL, JSON.stringify(upstream)]]);
  return rewriteObject(text, META, [['_meta', meta]]);
};

/** A response with its result labelled; an error stays as it is. */
export const labelledResponse = (text: string, message: UpstreamMessage, upstream: string): string => {
  const root = membersAt(text, 0);
  const at = root.keys.lastIndexOf('result');
  if (at < 0 || message.result === null || typeof message.result !== 'object') return text;
  const start = root.starts[at]!;
  const end = root.ends[at]!;
  return applyEdits(text, [{ start, end, text: labelled(text.slice(start, end), upstream) }]);
};
