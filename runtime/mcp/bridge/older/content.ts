/** Blocks of content for clients of revisions that do not know them all. */

import { elementsAt, membersAt, memberText } from '../../../json-members.ts';
import { isObject } from '../../../upstream/message.ts';
import { SINCE } from '../../revision.ts';
import { type Edit, rewriteObject } from '../../splice.ts';

const ICONS: ReadonlySet<string> = new Set(['icons']);

const annotationsOf = (text: string): string => {
  const annotations = memberText(text, membersAt(text, 0), 'annotations');
  return annotations === undefined ? '' : `,"annotations":${annotations}`;
};

/** A link is told as text that says all of it: to embed the resource it would have to be read. */
const linkAsText = (text: string): string =>
  `{"type":"text","text":${JSON.stringify(text)}${annotationsOf(text)}}`;

/** Sound is told as the contents of a resource, whose URI says no more than what it is. */
const audioAsResource = (text: string): string => {
  const members = membersAt(text, 0);
  const mimeType = memberText(text, members, 'mimeType') ?? '"audio/*"';
  const data = memberText(text, members, 'data') ?? '""';
  const resource = `{"uri":"about:audio","mimeType":${mimeType},"blob":${data}}`;
  return `{"type":"resource","resource":${resource}${annotationsOf(text)}}`;
};

/** Whether a client of `revision` could not read the block as it is. */
const isUnknown = (block: unknown, revision: string): boolean => {
  if (!isObject(block)) return false;
  if (block.type === 'resource_link')
    return revision < SINCE.resourceLinks || (revision < SINCE.icons && 'icons' in block);
  return block.type === 'audio' && revision < SINCE.audio;
};

const adaptBlock = (text: string, block: unknown, revision: string): string | undefined => {
  if (!isUnknown(block, revision)) return undefined;
  const { type } = block as { readonly type: unknown };
  if (type === 'audio') return audioAsResource(text);
  return revision < SINCE.resourceLinks ? linkAsText(text) : rewriteObject(text, ICONS, []);
};

/** Edits of one block that stands at `start` of `text`. */
export const blockEdits = (
  text: string,
  start: number,
  end: number,
  block: unknown,
  revision: string,
): Edit[] => {
  if (!isUnknown(block, revision)) return [];
  const adapted = adaptBlock(text.slice(start, end), block, revision);
  return adapted === undefined ? [] : [{ start, end, text: adapted }];
};

/** Edits of an array of blocks that stands at `start` of `text`. */
export const contentEdits = (text: string, start: number, blocks: unknown, revision: string): Edit[] => {
  if (!Array.isArray(blocks) || !blocks.some((block) => isUnknown(block, revision))) return [];
  return elementsAt(text, start).flatMap(([from, end], at) =>
    blockEdits(text, from, end, blocks[at], revision),
  );
};
