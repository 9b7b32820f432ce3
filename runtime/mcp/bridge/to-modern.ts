/**
 * A legacy client at a modern upstream: the plain part of bridging. No client capability is declared, so that a
 * well-behaved upstream asks nothing back.
 */
import { GatewayError, RPC } from '../../errors.ts';
import { membersAt, memberText } from '../json-members.ts';
import type { UpstreamResponse } from '../response.ts';
import { META, MODERN_VERSION } from '../revision.ts';
import { type Edit, rewriteObject } from '../splice.ts';
import type { Adaptation, LargeEdits } from './adaptation.ts';

const OWNED_META: ReadonlySet<string> = new Set([...Object.values(META), 'progressToken']);
const MODERN_RESULT: ReadonlySet<string> = new Set(['resultType', 'ttlMs', 'cacheScope']);
/** Structured content other than an object came with 2026-07-28; the text beside it says the same. */
const MODERN_TOOL_RESULT: ReadonlySet<string> = new Set([...MODERN_RESULT, 'structuredContent']);
const OUTPUT_SCHEMA: ReadonlySet<string> = new Set(['outputSchema']);

const stripResult = (response: UpstreamResponse, start: number): Edit[] => {
  const at = response.root.keys.indexOf('result');
  const end = response.root.ends[at]!;
  const text = response.text.slice(start, end);
  const members = membersAt(text, 0);
  const type = memberText(text, members, 'resultType');
  if (type !== undefined && JSON.parse(type) !== 'complete')
    throw new GatewayError('not_supported', 'the upstream asked for input, which this session cannot give', {
      rpcCode: RPC.methodNotFound,
    });
  const structured = memberText(text, members, 'structuredContent');
  const dropped = structured === undefined || structured.startsWith('{') ? MODERN_RESULT : MODERN_TOOL_RESULT;
  return [{ start, end, text: rewriteObject(text, dropped, []) }];
};

/** A modern not-found carries the URI as invalid parameter; older clients know it by its own code. */
const errorEdits = (response: UpstreamResponse, method: string): Edit[] => {
  if (method !== 'resources/read' || response.errorCode !== RPC.invalidParams) return [];
  const at = response.root.keys.indexOf('error');
  const error = membersAt(response.text, response.root.starts[at]!);
  const data = memberText(response.text, error, 'data');
  if (data === undefined || membersAt(data, 0).keys.indexOf('uri') < 0) return [];
  const code = error.keys.indexOf('code');
  return [{ start: error.starts[code]!, end: error.ends[code]!, text: String(RPC.resourceNotFound) }];
};

const hasObjectRoot = (schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && (schema as { type?: unknown }).type === 'object';

const LARGE: LargeEdits = {
  added: '',
  drops: (key, first) => MODERN_RESULT.has(key) || (key === 'structuredContent' && first !== '{'),
  unsaid: [],
};

export const toModern: Adaptation = {
  crossesEras: true,
  metaText: (message, progressToken, context) => {
    const own: [string, string][] = [
      [META.protocolVersion, JSON.stringify(MODERN_VERSION)],
      [META.clientInfo, context.clientInfoText],
      [META.clientCapabilities, '{}'],
    ];
    if (context.logLevel !== undefined) own.push([META.logLevel, JSON.stringify(context.logLevel)]);
    if (progressToken !== undefined) own.push(['progressToken', String(progressToken)]);
    return rewriteObject(memberText(message.text, message.members.params, '_meta') ?? '{}', OWNED_META, own);
  },
  responseEdits: (response, method) =>
    response.resultStart === undefined
      ? errorEdits(response, method.name)
      : stripResult(response, response.resultStart),
  largeEdits: () => LARGE,
  notification: (text, { method }) =>
    method === 'notifications/progress' || method === 'notifications/message' ? text : undefined,
  item: (text, value) =>
    'outputSchema' in value && !hasObjectRoot(value.outputSchema)
      ? rewriteObject(text, OUTPUT_SCHEMA, [])
      : text,
};
