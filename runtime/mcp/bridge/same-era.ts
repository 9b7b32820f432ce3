/** Client and upstream speak the same era: all is passed on, but for the progress token, which is the link's. */

import { memberText } from '../json-members.ts';
import { rewriteObject } from '../splice.ts';
import type { Adaptation } from './adaptation.ts';

const PROGRESS_TOKEN: ReadonlySet<string> = new Set(['progressToken']);

export const sameEra: Adaptation = {
  crossesEras: false,
  metaText: (message, progressToken) => {
    const meta = memberText(message.text, message.members.params, '_meta');
    if (meta === undefined || progressToken === undefined) return meta;
    return rewriteObject(meta, PROGRESS_TOKEN, [['progressToken', String(progressToken)]]);
  },
  responseEdits: () => [],
  notification: (text) => text,
  item: (text) => text,
};
