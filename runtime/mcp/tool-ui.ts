/**
 * The user interface of a tool: the `ui://` resource that a host shows for it (MCP Apps, SEP-1865). What a host
 * takes from there may call tools of the same server, which here are those of all upstreams.
 */
import { isObject } from '../upstream/message.ts';
import type { JsonPath } from './json-paths.ts';

/** The key before `_meta.ui`, which hosts still read. */
const FLAT_KEY = 'ui/resourceUri';

/** The paths of the URIs by which a tool names its interface. */
export const toolUiPaths = ({ _meta: meta }: Readonly<Record<string, unknown>>): JsonPath[] => {
  if (!isObject(meta)) return [];
  const paths: JsonPath[] = [];
  if (isObject(meta.ui) && typeof meta.ui.resourceUri === 'string')
    paths.push(['_meta', 'ui', 'resourceUri']);
  if (typeof meta[FLAT_KEY] === 'string') paths.push(['_meta', FLAT_KEY]);
  return paths;
};
