/** What a request asks for, as a digest: the same for a retry, whatever it answers. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';
import type { Message } from '../message.ts';

/** What a retry adds, or may say anew. */
const NOT_SALIENT: ReadonlySet<string> = new Set(['_meta', 'inputResponses', 'requestState']);

/** SHA-256 over the parameters of a request besides `_meta`, `inputResponses` and `requestState`, base64url. */
export const paramsDigest = ({ text, members }: Pick<Message, 'text' | 'members'>): string => {
  const at = members.root.keys.indexOf('params');
  const canonical = at < 0 ? '{}' : canonicalJson(text, members.root.starts[at]!, NOT_SALIENT);
  return createHash('sha256').update(canonical).digest('base64url');
};
