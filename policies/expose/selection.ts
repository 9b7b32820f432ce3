/** What a server shows of an upstream, and under which names. */
import type { ExposeNode, Selection } from '../../schema/graph/server.ts';
import { compileGlobs, type Matcher } from '../glob.ts';
import { compileUriGlobs } from '../uri-glob.ts';

/** A correspondence between the upstream's names and the exposed ones: one to one, both ways. */
export interface PreparedSelection {
  /** The exposed name of what the upstream calls `name`; undefined where that is not exposed. */
  expose(name: string): string | undefined;
  /** The upstream's name of what is exposed as `name`; undefined where nothing of this upstream can be. */
  resolve(name: string): string | undefined;
}

export interface PreparedExpose {
  readonly upstream: string;
  readonly tools: PreparedSelection;
  readonly prompts: PreparedSelection;
  /** URIs and URI templates; never prefixed or renamed. */
  readonly resources: PreparedSelection;
}

export const prepareExpose = ({
  upstream,
  prefix,
  tools,
  prompts,
  resources,
}: ExposeNode): PreparedExpose => ({
  upstream,
  tools: prepareSelection(tools, prefix, compileGlobs(tools.allow)),
  prompts: prepareSelection(prompts, prefix, compileGlobs(prompts.allow)),
  resources: prepareSelection(resources, '', compileUriGlobs(resources.allow)),
});

/**
 * `allow` matches upstream names. A renamed item has its new name, without prefix, and no other; a name that a
 * rename gives away belongs to the renamed item, and what would come by it through the prefix is not exposed.
 */
const prepareSelection = ({ rename }: Selection, prefix: string, admits: Matcher): PreparedSelection => {
  const finalNames = new Map<string, string>();
  const upstreamNames = new Map<string, string>();
  for (const [name, finalName] of Object.entries(rename)) {
    if (!admits(name) || upstreamNames.has(finalName)) continue;
    finalNames.set(name, finalName);
    upstreamNames.set(finalName, name);
  }
  const isRenamed = (name: string) => Object.hasOwn(rename, name);
  return {
    expose(name) {
      if (!admits(name)) return undefined;
      if (isRenamed(name)) return finalNames.get(name);
      const exposed = prefix + name;
      return upstreamNames.has(exposed) ? undefined : exposed;
    },
    resolve(name) {
      const renamed = upstreamNames.get(name);
      if (renamed !== undefined) return renamed;
      if (!name.startsWith(prefix)) return undefined;
      const upstreamName = name.slice(prefix.length);
      return admits(upstreamName) && !isRenamed(upstreamName) ? upstreamName : undefined;
    },
  };
};
