/** Results for clients of a revision older than what the upstream speaks. */
import { isDeepStrictEqual } from 'node:util';
import { elementsAt, type Members, membersAt } from '../../../json-members.ts';
import { isObject } from '../../../upstream/message.ts';
import type { Item } from '../../catalogue.ts';
import type { Method } from '../../method.ts';
import type { UpstreamResponse } from '../../response.ts';
import { SINCE } from '../../revision.ts';
import type { Edit } from '../../splice.ts';
import { blockEdits, contentEdits } from './content.ts';
import { isWrapped } from './output-schema.ts';

/** A result, with where its members lie in the text of the response. */
export interface ReadResult {
  readonly text: string;
  readonly members: Members;
  readonly value: Readonly<Record<string, unknown>>;
}

/** What is to be done to a result: edits within its members, and members that are left out. */
export interface ResultChange {
  readonly edits: readonly Edit[];
  readonly dropped: ReadonlySet<string>;
}

export const readResult = ({ text, result, resultStart }: UpstreamResponse): ReadResult => ({
  text,
  members: membersAt(text, resultStart!),
  value: result!,
});

const saysTheSame = (block: unknown, structured: unknown): boolean => {
  if (!isObject(block) || block.type !== 'text' || typeof block.text !== 'string') return false;
  try {
    return isDeepStrictEqual(JSON.parse(block.text), structured);
  } catch {
    return false;
  }
};

/** Structured content that no text beside it says is told as text. */
const structuredAsText = ({ text, members, value }: ReadResult, at: number): Edit[] => {
  const { content, structuredContent } = value;
  const list = members.keys.indexOf('content');
  const blocks = Array.isArray(content) ? content : [];
  if (list < 0 || blocks.some((block) => saysTheSame(block, structuredContent))) return [];
  const said = text.slice(members.starts[at], members.ends[at]);
  const block = `{"type":"text","text":${JSON.stringify(said)}}`;
  const last = elementsAt(text, members.starts[list]!).at(-1);
  const start = last?.[1] ?? members.starts[list]! + 1;
  return [{ start, end: start, text: last === undefined ? block : `,${block}` }];
};

/** An object as it is, or with the member `result` where the tool's schema was told so. */
const structuredAsObject = (result: ReadResult, at: number, tool: Item | undefined): Edit[] => {
  const { text, members, value } = result;
  const [start, end] = [members.starts[at]!, members.ends[at]!];
  if (!isWrapped(tool?.value.outputSchema) && isObject(value.structuredContent)) return [];
  return [{ start, end, text: `{"result":${text.slice(start, end)}}` }];
};

const messageEdits = ({ text, members, value }: ReadResult, revision: string): Edit[] => {
  const start = members.starts[members.keys.indexOf('messages')];
  const { messages } = value;
  if (start === undefined || !Array.isArray(messages) || revision >= SINCE.icons) return [];
  return elementsAt(text, start).flatMap(([from], at) => {
    const message: unknown = messages[at];
    if (!isObject(message)) return [];
    const own = membersAt(text, from);
    const content = own.keys.indexOf('content');
    if (content < 0) return [];
    return blockEdits(text, own.starts[content]!, own.ends[content]!, message.content, revision);
  });
};

const NOTHING: ReadonlySet<string> = new Set();
const UNCHANGED: ResultChange = { edits: [], dropped: NOTHING };
const STRUCTURED: ReadonlySet<string> = new Set(['structuredContent']);

const changeToolResult = (result: ReadResult, revision: string, tool: Item | undefined): ResultChange => {
  const { text, members, value } = result;
  const content = members.starts[members.keys.indexOf('content')];
  const blocks = content === undefined ? [] : contentEdits(text, content, value.content, revision);
  const at = members.keys.indexOf('structuredContent');
  if (at < 0) return { edits: blocks, dropped: NOTHING };
  if (revision < SINCE.structuredContent)
    return { edits: [...blocks, ...structuredAsText(result, at)], dropped: STRUCTURED };
  return { edits: [...blocks, ...structuredAsObject(result, at, tool)], dropped: NOTHING };
};

/** Whether a result has to be read to be told to a client of `revision`, however large it is. */
export const readsWhole = (revision: string, method: Method, tool: Item | undefined): boolean =>
  method.kind === 'target' &&
  method.target !== 'resource' &&
  (revision < SINCE.structuredContent || isWrapped(tool?.value.outputSchema));

/** What makes a result one of `revision`. `tool` is the tool that was called, where it is known. */
export const olderResult = (
  result: ReadResult,
  revision: string,
  method: Method,
  tool: Item | undefined,
): ResultChange => {
  if (method.kind !== 'target') return UNCHANGED;
  switch (method.target) {
    case 'tool':
      return changeToolResult(result, revision, tool);
    case 'prompt':
      return { edits: messageEdits(result, revision), dropped: NOTHING };
    case 'resource':
      return UNCHANGED;
  }
};
