/** A legacy client at a legacy upstream that speaks a newer revision: what the client's does not know is left out. */
import { dropMembers } from '../splice.ts';
import type { Adaptation } from './adaptation.ts';
import { prepareItems } from './older/item.ts';
import { olderProgress } from './older/notification.ts';
import { olderResult, readResult, readsWhole } from './older/result.ts';
import { sameLegacy } from './same-era.ts';

/** What changes for a client of `revision`. */
export const toOlder = (revision: string): Adaptation => {
  const items = prepareItems(revision);
  return {
    crossesEras: false,
    metaText: sameLegacy.metaText,
    responseEdits: (response, method, _request, tool) => {
      if (response.result === undefined) return [];
      const result = readResult(response);
      const { edits, dropped } = olderResult(result, revision, method, tool);
      return [...dropMembers(result.members, dropped), ...edits];
    },
    largeEdits: (method) =>
      readsWhole(revision, method, undefined) ? undefined : sameLegacy.largeEdits(method),
    notification: (text, message) =>
      message.method === 'notifications/progress' ? olderProgress(text, message, revision) : text,
    item: (text, value, kind) => items[kind](text, value),
  };
};
