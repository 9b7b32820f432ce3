/** Requests for a completion, for clients of revisions before 2025-11-25: one block a message, and no tools. */

import { elementsAt, membersAt } from '../../../json-members.ts';
import { isObject } from '../../../upstream/message.ts';
import { SINCE } from '../../revision.ts';
import { applyEdits } from '../../splice.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const TOOL_BLOCKS: ReadonlySet<unknown> = new Set(['tool_use', 'tool_result']);

const blocksOf = (message: unknown): readonly unknown[] =>
  isObject(message) ? [message.content].flat() : [];

const messagesOf = ({ messages }: JsonObject): readonly unknown[] =>
  Array.isArray(messages) ? messages : [];

/** Whether the client would have to know tools. */
export const needsTools = (params: JsonObject): boolean =>
  params.tools !== undefined ||
  params.toolChoice !== undefined ||
  messagesOf(params)
    .flatMap(blocksOf)
    .some((block) => isObject(block) && TOOL_BLOCKS.has(block.type));

/** Whether a client of `revision` could not read a block. */
const hasUnknownBlock = (params: JsonObject, revision: string): boolean =>
  revision < SINCE.audio &&
  messagesOf(params)
    .flatMap(blocksOf)
    .some((block) => isObject(block) && block.type === 'audio');

/** A message of several blocks as several messages of the same role. */
const splitMessage = (text: string): string => {
  const members = membersAt(text, 0);
  const at = members.keys.indexOf('content');
  const [start, end] = [members.starts[at]!, members.ends[at]!];
  return elementsAt(text, start)
    .map(([from, to]) => applyEdits(text, [{ start, end, text: text.slice(from, to) }]))
    .join(',');
};

/** The parameters as `revision` has them; undefined if it cannot be asked so. `params` is `text` parsed. */
export const olderSampling = (text: string, params: JsonObject, revision: string): string | undefined => {
  if (needsTools(params) || hasUnknownBlock(params, revision)) return undefined;
  const messages = messagesOf(params);
  if (!messages.some((message) => isObject(message) && Array.isArray(message.content))) return text;
  const members = membersAt(text, 0);
  const at = members.keys.indexOf('messages');
  const told = elementsAt(text, members.starts[at]!).flatMap(([from, end], index) => {
    const message = messages[index];
    const own = text.slice(from, end);
    const split = isObject(message) && Array.isArray(message.content) ? splitMessage(own) : own;
    return split === '' ? [] : [split];
  });
  return applyEdits(text, [
    { start: members.starts[at]!, end: members.ends[at]!, text: `[${told.join(',')}]` },
  ]);
};
