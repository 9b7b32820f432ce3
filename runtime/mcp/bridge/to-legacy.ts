/**
 * A modern client at a legacy upstream: the plain part of bridging (calls, reads, lists, completions). The
 * session that the gateway holds declares no client capability, so nothing is asked back.
 */

import { RPC } from '../../errors.ts';
import { LISTS } from '../catalogue.ts';
import { membersAt, memberText } from '../json-members.ts';
import type { Method } from '../method.ts';
import type { UpstreamResponse } from '../response.ts';
import { MODERN_REQUEST_META } from '../revision.ts';
import { type Edit, rewriteObject } from '../splice.ts';
import type { Adaptation } from './adaptation.ts';

const DROPPED_META: ReadonlySet<string> = new Set([...MODERN_REQUEST_META, 'progressToken']);
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
const LEGACY_ITEM: ReadonlySet<string> = new Set(['execution']);

/** Whether a log message of `level` is asked for by a client that wants `wanted` and worse. */
export const wantsLevel = (level: unknown, wanted: string | undefined): boolean =>
  wanted !== undefined && LEVELS.indexOf(String(level)) >= LEVELS.indexOf(wanted);

const cacheHints = (method: Method): string =>
  method.kind === 'list' || method.name === 'resources/read' ? '"ttlMs":0,"cacheScope":"private",' : '';

const errorEdits = (response: UpstreamResponse): Edit[] => {
  if (response.errorCode !== RPC.resourceNotFound) return [];
  const at = response.root.keys.indexOf('error');
  const start = response.root.starts[at]!;
  const error = membersAt(response.text, start);
  const code = error.keys.indexOf('code');
  return [{ start: error.starts[code]!, end: error.ends[code]!, text: String(RPC.invalidParams) }];
};

export const toLegacy: Adaptation = {
  crossesEras: true,
  metaText: (message, progressToken) => {
    const meta = memberText(message.text, message.members.params, '_meta');
    if (meta === undefined) return undefined;
    const token: [string, string][] =
      progressToken === undefined ? [] : [['progressToken', String(progressToken)]];
    const text = rewriteObject(meta, DROPPED_META, token);
    return text === '{}' ? undefined : text;
  },
  responseEdits: (response, method) => {
    if (response.resultStart === undefined) return errorEdits(response);
    const at = response.resultStart + 1;
    const rest = response.text.slice(at).trimStart().startsWith('}') ? '' : ',';
    const added = `"resultType":"complete",${cacheHints(method)}`.slice(0, -1);
    return [{ start: at, end: at, text: added + rest }];
  },
  notification: (text, { method, params }, logLevel) => {
    if (method === 'notifications/progress') return text;
    if (method !== 'notifications/message') return undefined;
    return wantsLevel((params as { level?: unknown } | undefined)?.level, logLevel) ? text : undefined;
  },
  item: (text, value) =>
    LISTS.tools.key in value && 'execution' in value ? rewriteObject(text, LEGACY_ITEM, []) : text,
};
