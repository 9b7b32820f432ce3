/**
 * A legacy client at a modern upstream. The envelope of every request says what the client can be asked; what only
 * modern clients know is left out of results.
 */
import { RPC } from '../../errors.ts';
import { membersAt, memberText } from '../../json-members.ts';
import { upstreamError } from '../../upstream/failure.ts';
import { isObject } from '../../upstream/message.ts';
import type { Item } from '../catalogue.ts';
import type { Method } from '../method.ts';
import type { UpstreamResponse } from '../response.ts';
import { META, MODERN_VERSION } from '../revision.ts';
import { dropMembers, type Edit, rewriteObject } from '../splice.ts';
import type { Adaptation, LargeEdits } from './adaptation.ts';
import { plainSchemas, prepareItems } from './older/item.ts';
import { olderProgress } from './older/notification.ts';
import { olderResult, type ReadResult, readResult, readsWhole } from './older/result.ts';

const MODERN_META: ReadonlySet<string> = new Set(Object.values(META));
const OWNED_META: ReadonlySet<string> = new Set([...MODERN_META, 'progressToken']);
const MODERN_RESULT: ReadonlySet<string> = new Set(['resultType', 'ttlMs', 'cacheScope']);

/** Whether nothing is left of `_meta` when what only modern clients know is taken out. */
const isModernMeta = ({ value: { _meta } }: ReadResult): boolean =>
  isObject(_meta) && Object.keys(_meta).every((key) => MODERN_META.has(key));

const metaEdits = ({ text, members, value }: ReadResult): Edit[] => {
  const at = members.keys.indexOf('_meta');
  return at < 0 || !isObject(value._meta)
    ? []
    : dropMembers(membersAt(text, members.starts[at]!), MODERN_META);
};

const resultEdits = (
  response: UpstreamResponse,
  revision: string,
  method: Method,
  tool: Item | undefined,
): Edit[] => {
  const result = readResult(response);
  const { resultType } = result.value;
  if (resultType !== undefined && resultType !== 'complete')
    throw upstreamError('upstream_protocol', `a result of type ${JSON.stringify(resultType)}`);
  const change = olderResult(result, revision, method, tool);
  const dropped = new Set([...MODERN_RESULT, ...change.dropped]);
  if (isModernMeta(result)) dropped.add('_meta');
  const meta = dropped.has('_meta') ? [] : metaEdits(result);
  return [...dropMembers(result.members, dropped), ...meta, ...change.edits];
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

const LARGE: LargeEdits = {
  added: '',
  drops: (key, first) => MODERN_RESULT.has(key) || (key === 'structuredContent' && first !== '{'),
  metaDrops: MODERN_META,
  unsaid: [],
};

/** What changes for a client of `revision`. */
export const toModern = (revision: string): Adaptation => {
  const items = prepareItems(revision);
  return {
    crossesEras: true,
    metaText: (message, progressToken, context) => {
      const own: [string, string][] = [
        [META.protocolVersion, JSON.stringify(MODERN_VERSION)],
        [META.clientInfo, context.clientInfoText],
        [META.clientCapabilities, context.capabilitiesText],
      ];
      if (context.logLevel !== undefined) own.push([META.logLevel, JSON.stringify(context.logLevel)]);
      if (progressToken !== undefined) own.push(['progressToken', String(progressToken)]);
      const meta = memberText(message.text, message.members.params, '_meta') ?? '{}';
      return rewriteObject(meta, OWNED_META, own);
    },
    responseEdits: (response, method, _request, tool) =>
      response.result === undefined
        ? errorEdits(response, method.name)
        : resultEdits(response, revision, method, tool),
    largeEdits: (method, tool) => (readsWhole(revision, method, tool) ? undefined : LARGE),
    notification: (text, message) => {
      if (message.method === 'notifications/progress') return olderProgress(text, message, revision);
      return message.method === 'notifications/message' ? text : undefined;
    },
    item: (text, value, kind) => items[kind](kind === 'tools' ? plainSchemas(text, value) : text, value),
  };
};
