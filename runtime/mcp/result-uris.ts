/** Where a response names resources by their URIs. */
import { upstreamError } from '../upstream/failure.ts';
import { isObject, type Message as UpstreamMessage } from '../upstream/message.ts';
import type { JsonPath } from './json-paths.ts';

const uriIn = (value: unknown, path: JsonPath): JsonPath[] =>
  isObject(value) && typeof value.uri === 'string' ? [[...path, 'uri']] : [];

/** Of blocks within blocks: the schema has one of a tool's result within a message, and none within that. */
const MAX_BLOCK_DEPTH = 16;

/** A block of content (MCP 2026-07-28, schema, ContentBlock), or of a tool's result within a message. */
const inBlock = (block: unknown, path: JsonPath, depth: number): JsonPath[] => {
  if (!isObject(block)) return [];
  if (block.type === 'resource_link') return uriIn(block, path);
  if (block.type === 'resource') return uriIn(block.resource, [...path, 'resource']);
  if (block.type !== 'tool_result') return [];
  if (depth === MAX_BLOCK_DEPTH) throw upstreamError('upstream_protocol', 'content within content, too deep');
  return inContent(block.content, [...path, 'content'], depth + 1);
};

const inContent = (content: unknown, path: JsonPath, depth = 0): JsonPath[] =>
  Array.isArray(content)
    ? content.flatMap((block, at) => inBlock(block, [...path, at], depth))
    : inBlock(content, path, depth);

/** The paths of all URIs that name a resource: what is read, linked or embedded, and what was not found. Throws `upstream_protocol`
 * for content that nests too deep. */
export const resourceUriPaths = ({ result, error }: UpstreamMessage): JsonPath[] => {
  if (isObject(error)) return uriIn(error.data, ['error', 'data']);
  if (!isObject(result)) return [];
  const { contents, content, messages } = result;
  const read = Array.isArray(contents)
    ? contents.flatMap((each, at) => uriIn(each, ['result', 'contents', at]))
    : [];
  const told = Array.isArray(messages)
    ? messages.flatMap((message, at) =>
        isObject(message) ? inContent(message.content, ['result', 'messages', at, 'content']) : [],
      )
    : [];
  return [...read, ...inContent(content, ['result', 'content']), ...told];
};
