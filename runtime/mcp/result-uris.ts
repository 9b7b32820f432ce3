/** Where a response names resources by their URIs. */
import { isObject, type Message as UpstreamMessage } from '../upstream/message.ts';
import type { JsonPath } from './json-paths.ts';

const uriIn = (value: unknown, path: JsonPath): JsonPath[] =>
  isObject(value) && typeof value.uri === 'string' ? [[...path, 'uri']] : [];

/** A block of content (MCP 2026-07-28, schema, ContentBlock), or of a tool's result within a message. */
const inBlock = (block: unknown, path: JsonPath): JsonPath[] => {
  if (!isObject(block)) return [];
  if (block.type === 'resource_link') return uriIn(block, path);
  if (block.type === 'resource') return uriIn(block.resource, [...path, 'resource']);
  return block.type === 'tool_result' ? inContent(block.content, [...path, 'content']) : [];
};

const inContent = (content: unknown, path: JsonPath): JsonPath[] =>
  Array.isArray(content)
    ? content.flatMap((block, at) => inBlock(block, [...path, at]))
    : inBlock(content, path);

/** The paths of all URIs that name a resource: what is read, linked or embedded, and what was not found. */
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
