/** The text of a client's request as it goes to an upstream. */

import { memberText } from '../json-members.ts';
import type { Adaptation, RequestContext } from './bridge/adaptation.ts';
import type { Call } from './call.ts';
import type { ForwardOptions } from './forward-options.ts';
import { applyEdits, dropMembers, type Edit } from './splice.ts';

/** JSON text of the progress token that the client gave; undefined if none. */
export const progressTokenText = (call: Call): string | undefined =>
  call.message.meta !== undefined && 'progressToken' in call.message.meta
    ? memberText(call.message.text, call.message.members.meta, 'progressToken')
    : undefined;

const paramsEdits = (call: Call, metaText: string | undefined, options: ForwardOptions): Edit[] => {
  const { members, text } = call.message;
  const { params } = members;
  if (params === undefined) {
    if (metaText === undefined) return [];
    const method = members.root.keys.indexOf('method');
    const at = members.root.ends[method]!;
    return [{ start: at, end: at, text: `,"params":{"_meta":${metaText}}` }];
  }
  const edits: Edit[] = [];
  if (options.upstreamName !== undefined) {
    const at = params.keys.indexOf(options.parameter);
    edits.push({
      start: params.starts[at]!,
      end: params.ends[at]!,
      text: JSON.stringify(options.upstreamName),
    });
  }
  const meta = params.keys.indexOf('_meta');
  if (meta >= 0) {
    const old = text.slice(params.starts[meta], params.ends[meta]);
    const now = metaText ?? '{}';
    if (old !== now) edits.push({ start: params.starts[meta]!, end: params.ends[meta]!, text: now });
  } else if (metaText !== undefined) {
    const open = members.root.starts[members.root.keys.indexOf('params')]! + 1;
    const comma = params.keys.length > 0 ? ',' : '';
    edits.push({ start: open, end: open, text: `"_meta":${metaText}${comma}` });
  }
  return edits;
};

/** What a request made again brings (MCP 2026-07-28, patterns/mrtr). */
const ROUND_MEMBERS: ReadonlySet<string> = new Set(['inputResponses', 'requestState']);

/** The whole message: only what must change is spliced. */
export const requestBody = (
  call: Call,
  id: number,
  adaptation: Adaptation,
  tokenText: string | undefined,
  options: ForwardOptions,
): string => {
  const { message, client } = call;
  const context: RequestContext = {
    clientInfoText: client.infoText,
    capabilitiesText: client.capabilitiesText,
    logLevel: client.logLevel,
  };
  const metaText = adaptation.metaText(message, tokenText === undefined ? undefined : id, context);
  const { root } = message.members;
  const at = root.keys.indexOf('id');
  const edits = paramsEdits(call, metaText, options);
  const { params } = message.members;
  // A legacy client knows no rounds: what it puts in their place is not the answer to anything.
  if (
    adaptation.crossesEras &&
    client.era === 'legacy' &&
    options.before === undefined &&
    params !== undefined
  )
    edits.push(...dropMembers(params, ROUND_MEMBERS));
  edits.push({ start: root.starts[at]!, end: root.ends[at]!, text: String(id) });
  return applyEdits(message.text, edits);
};
