/**
 * A modern client at a legacy upstream: the plain part of bridging (calls, reads, lists, completions). What the
 * upstream asks meanwhile is the business of bridged-call.ts.
 */

import { memberText } from '../../json-members.ts';
import { wantsLevel } from '../log-level.ts';
import type { Method } from '../method.ts';
import type { UpstreamResponse } from '../response.ts';
import { MODERN_REQUEST_META } from '../revision.ts';
import { type Edit, rewriteObject } from '../splice.ts';
import type { Adaptation } from './adaptation.ts';
import { notFoundEdits } from './not-found.ts';

const DROPPED_META: ReadonlySet<string> = new Set([...MODERN_REQUEST_META, 'progressToken']);
const isDropped = (key: string): boolean => DROPPED_META.has(key);
const LEGACY_ITEM: ReadonlySet<string> = new Set(['execution']);

/** What only modern servers say of a result: from a legacy one it means nothing. */
const MODERN_RESULT: ReadonlySet<string> = new Set(['resultType', 'ttlMs', 'cacheScope']);
const COMPLETE = '"resultType":"complete"';
const COMPLETE_UNCACHED = '"resultType":"complete","ttlMs":0,"cacheScope":"private"';

const isEmpty = (object: object): boolean => {
  for (const _key in object) return false;
  return true;
};

const addedTo = (method: Method): string =>
  method.kind === 'list' || method.name === 'resources/read' ? COMPLETE_UNCACHED : COMPLETE;

const resultEdit = (response: UpstreamResponse, start: number, method: Method): Edit => {
  const { result, root, text } = response;
  const added = addedTo(method);
  if (!('resultType' in result! || 'ttlMs' in result! || 'cacheScope' in result!))
    return { start: start + 1, end: start + 1, text: isEmpty(result!) ? added : `${added},` };
  const end = root.ends[root.keys.indexOf('result')]!;
  const rest = rewriteObject(text.slice(start, end), MODERN_RESULT, []);
  return { start, end, text: rest === '{}' ? `{${added}}` : `{${added},${rest.slice(1)}` };
};

export const toLegacy: Adaptation = {
  crossesEras: true,
  metaText: (message, progressToken) => {
    const { params, meta: members } = message.members;
    if (members?.keys.every(isDropped))
      return progressToken === undefined ? undefined : `{"progressToken":${progressToken}}`;
    const meta = memberText(message.text, params, '_meta');
    if (meta === undefined) return undefined;
    const token: [string, string][] =
      progressToken === undefined ? [] : [['progressToken', String(progressToken)]];
    const text = rewriteObject(meta, DROPPED_META, token);
    return text === '{}' ? undefined : text;
  },
  responseEdits: (response, method, request) =>
    response.resultStart === undefined
      ? notFoundEdits(response, request)
      : [resultEdit(response, response.resultStart, method)],
  largeEdits: (method) => ({ added: addedTo(method), drops: (key) => MODERN_RESULT.has(key), unsaid: [] }),
  notification: (text, { method, params }, logLevel) => {
    if (method === 'notifications/progress') return text;
    if (method !== 'notifications/message') return undefined;
    return wantsLevel((params as { level?: unknown } | undefined)?.level, logLevel) ? text : undefined;
  },
  item: (text, value, kind) =>
    kind === 'tools' && 'execution' in value ? rewriteObject(text, LEGACY_ITEM, []) : text,
};
