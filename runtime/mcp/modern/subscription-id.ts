/** The id that tells a client which of its streams a notification belongs to. */
import { hasDuplicate, type Members, membersAt, memberText } from '../../json-members.ts';
import { META } from '../revision.ts';
import { applyEdits, rewriteObject } from '../splice.ts';

const OPEN_BRACE = 123;

const isObjectAt = (text: string, start: number): boolean => text.charCodeAt(start) === OPEN_BRACE;

/** `text` with `member` as the first of the object whose members are given. */
const insertFirst = (text: string, start: number, members: Members, member: string): string => {
  const comma = members.keys.length > 0 ? ',' : '';
  return applyEdits(text, [{ start: start + 1, end: start + 1, text: member + comma }]);
};

const replaceAt = (text: string, members: Members, at: number, value: string): string =>
  applyEdits(text, [{ start: members.starts[at]!, end: members.ends[at]!, text: value }]);

/**
 * The same notification with the client's own subscription id (JSON text, its type kept). `params` and `_meta` that
 * are no objects are replaced. Undefined where an object on the way has a key twice: readers would not agree on it.
 */
export const withSubscriptionId = (text: string, idText: string): string | undefined => {
  const tag = `"${META.subscriptionId}":${idText}`;
  const root = membersAt(text, 0);
  if (hasDuplicate(root.keys)) return undefined;
  const at = root.keys.indexOf('params');
  if (at < 0) {
    const end = root.ends.at(-1)!;
    return applyEdits(text, [{ start: end, end, text: `,"params":{"_meta":{${tag}}}` }]);
  }
  const start = root.starts[at]!;
  if (!isObjectAt(text, start)) return replaceAt(text, root, at, `{"_meta":{${tag}}}`);
  const params = membersAt(text, start);
  if (hasDuplicate(params.keys)) return undefined;
  const meta = params.keys.indexOf('_meta');
  if (meta < 0) return insertFirst(text, start, params, `"_meta":{${tag}}`);
  const open = params.starts[meta]!;
  if (!isObjectAt(text, open)) return replaceAt(text, params, meta, `{${tag}}`);
  const members = membersAt(text, open);
  if (hasDuplicate(members.keys)) return undefined;
  const known = members.keys.indexOf(META.subscriptionId);
  return known < 0 ? insertFirst(text, open, members, tag) : replaceAt(text, members, known, idText);
};

const SUBSCRIPTION_ID: ReadonlySet<string> = new Set([META.subscriptionId]);
const META_KEY: ReadonlySet<string> = new Set(['_meta']);

/** The same notification for a client that knows no subscriptions. Undefined where readers would not agree on it. */
export const withoutSubscriptionId = (text: string): string | undefined => {
  const root = membersAt(text, 0);
  if (hasDuplicate(root.keys)) return undefined;
  const at = root.keys.indexOf('params');
  if (at < 0 || !isObjectAt(text, root.starts[at]!)) return text;
  const params = membersAt(text, root.starts[at]!);
  if (hasDuplicate(params.keys)) return undefined;
  const meta = memberText(text, params, '_meta');
  if (meta === undefined || !isObjectAt(meta, 0)) return text;
  const rest = rewriteObject(meta, SUBSCRIPTION_ID, []);
  const own = text.slice(root.starts[at]!, root.ends[at]!);
  const kept = rewriteObject(own, META_KEY, rest === '{}' ? [] : [['_meta', rest]]);
  return replaceAt(text, root, at, kept);
};
