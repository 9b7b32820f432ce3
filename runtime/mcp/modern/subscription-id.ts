/** The id that tells a client which of its streams a notification belongs to. */
import { membersAt } from '../json-members.ts';
import { META } from '../revision.ts';
import { applyEdits } from '../splice.ts';

/** The same notification with the client's own subscription id (JSON text, its type kept). */
export const withSubscriptionId = (text: string, idText: string): string => {
  const root = membersAt(text, 0);
  const tag = `"${META.subscriptionId}":${idText}`;
  const at = root.keys.indexOf('params');
  if (at < 0) {
    const end = root.ends.at(-1)!;
    return applyEdits(text, [{ start: end, end, text: `,"params":{"_meta":{${tag}}}` }]);
  }
  const start = root.starts[at]!;
  const params = membersAt(text, start);
  const meta = params.keys.indexOf('_meta');
  if (meta < 0) {
    const comma = params.keys.length > 0 ? ',' : '';
    return applyEdits(text, [{ start: start + 1, end: start + 1, text: `"_meta":{${tag}}${comma}` }]);
  }
  const open = params.starts[meta]!;
  const members = membersAt(text, open);
  const known = members.keys.indexOf(META.subscriptionId);
  if (known >= 0)
    return applyEdits(text, [{ start: members.starts[known]!, end: members.ends[known]!, text: idText }]);
  const comma = members.keys.length > 0 ? ',' : '';
  return applyEdits(text, [{ start: open + 1, end: open + 1, text: tag + comma }]);
};
