/** One item of a list as a client is told it. */
import type { Call } from './call.ts';
import { LISTS } from './catalogue.ts';
import { adaptationOf } from './forward.ts';
import { membersAt } from './json-members.ts';
import type { ListKind } from './method.ts';
import type { Entry } from './name-index.ts';
import { applyEdits, replaceMember } from './splice.ts';

/** The JSON text of an item under its exposed name; undefined if a client of this era must not see it. */
export const itemText = (call: Call, kind: ListKind, entry: Entry): string | undefined => {
  const { item, part, exposedName } = entry;
  const linkEra = part.connected?.link.era ?? call.client.era;
  const adapted = adaptationOf(call.client.era, linkEra).item(item.text, item.value);
  if (adapted === undefined || exposedName === item.name) return adapted;
  const edit = replaceMember(membersAt(adapted, 0), LISTS[kind].key, JSON.stringify(exposedName));
  return edit === undefined ? adapted : applyEdits(adapted, [edit]);
};
