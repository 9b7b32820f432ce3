/** Client and upstream speak the same era: all is passed on, but for the progress token, which is the link's. */

import { memberText } from '../../json-members.ts';
import { upstreamError } from '../../upstream/failure.ts';
import type { Method } from '../method.ts';
import { rewriteObject } from '../splice.ts';
import type { Adaptation, LargeEdits } from './adaptation.ts';
import { notFoundEdits } from './not-found.ts';

const PROGRESS_TOKEN: ReadonlySet<string> = new Set(['progressToken']);

const UNCHANGED: LargeEdits = { added: '', drops: () => false, unsaid: [] };

export const sameLegacy: Adaptation = {
  crossesEras: false,
  metaText: (message, progressToken) => {
    const meta = memberText(message.text, message.members.params, '_meta');
    if (meta === undefined || progressToken === undefined) return meta;
    return rewriteObject(meta, PROGRESS_TOKEN, [['progressToken', String(progressToken)]]);
  },
  responseEdits: () => [],
  largeEdits: () => UNCHANGED,
  notification: (text) => text,
  item: (text) => text,
};

/** What a modern result must say, and is taken for when it does not (MCP 2026-07-28, overview and caching). */
const unsaid = (result: Readonly<Record<string, unknown>>, method: Method): string => {
  let added = '';
  if (result.resultType === undefined) added = '"resultType":"complete"';
  if (method.name !== 'resources/read' || (result.resultType ?? 'complete') !== 'complete') return added;
  if (result.ttlMs === undefined) added += added === '' ? '"ttlMs":0' : ',"ttlMs":0';
  if (result.cacheScope === undefined) added += `${added === '' ? '' : ','}"cacheScope":"private"`;
  return added;
};

const COMPLETE: LargeEdits = { ...UNCHANGED, unsaid: [['resultType', '"complete"']] };
const READ: LargeEdits = {
  ...UNCHANGED,
  unsaid: [...COMPLETE.unsaid, ['ttlMs', '0'], ['cacheScope', '"private"']],
};

export const sameModern: Adaptation = {
  ...sameLegacy,
  largeEdits: ({ name }) => (name === 'resources/read' ? READ : COMPLETE),
  responseEdits: (response, method, request) => {
    const { result, resultStart } = response;
    if (result === undefined || resultStart === undefined) return notFoundEdits(response, request);
    if (result.resultType !== undefined && typeof result.resultType !== 'string')
      throw upstreamError('upstream_protocol', 'a result of no type');
    const added = unsaid(result, method);
    if (added === '') return [];
    const at = resultStart + 1;
    return [{ start: at, end: at, text: Object.keys(result).length === 0 ? added : `${added},` }];
  },
};
