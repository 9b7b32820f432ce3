/** The error code of a resource that does not exist, which 2026-07-28 retired. */
import { RPC } from '../../errors.ts';
import { membersAt, memberText } from '../../json-members.ts';
import type { Message } from '../message.ts';
import type { UpstreamResponse } from '../response.ts';
import { type Edit, rewriteObject } from '../splice.ts';

const URI: ReadonlySet<string> = new Set(['uri']);
const CODE_AND_DATA: ReadonlySet<string> = new Set(['code', 'data']);

/** A not-found of older revisions as 2026-07-28 has it: invalid parameters, with the URI that was asked for. */
export const notFoundEdits = (response: UpstreamResponse, { params: { uri } }: Message): Edit[] => {
  if (response.errorCode !== RPC.resourceNotFound) return [];
  const at = response.root.keys.indexOf('error');
  const start = response.root.starts[at]!;
  const end = response.root.ends[at]!;
  const error = response.text.slice(start, end);
  const told = memberText(error, membersAt(error, 0), 'data');
  const members: [string, string][] = [['code', String(RPC.invalidParams)]];
  if (typeof uri === 'string')
    members.push(['data', rewriteObject(told ?? '', URI, [['uri', JSON.stringify(uri)]])]);
  else if (told !== undefined) members.push(['data', told]);
  return [{ start, end, text: rewriteObject(error, CODE_AND_DATA, members) }];
};
