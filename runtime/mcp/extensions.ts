/**
 * Extensions that a server offers (MCP 2026-07-28, extensions; SEP-2133): those of its upstreams that the gateway can
 * carry, because it knows how, because nothing but tools and resources is needed, or because a table says so.
 */
import type { Features } from '../../schema/graph/server.ts';
import type { Era } from '../../schema/graph/upstream.ts';
import { isObject } from '../upstream/message.ts';
import type { Part } from './part.ts';
import { offersTasks, TASKS_EXTENSION } from './task/extension.ts';

/** MCP Apps (SEP-1865): tools that name resources, and no method of its own. */
const APPS_EXTENSION = 'io.modelcontextprotocol/ui';

type Settings = Readonly<Record<string, unknown>>;

const offeredBy = (part: Part): readonly (readonly [id: string, settings: Settings])[] => {
  const { extensions } = part.connected?.link.peer.capabilities ?? {};
  if (!isObject(extensions)) return [];
  const all = Object.keys(extensions).sort();
  return all.flatMap((id) => (isObject(extensions[id]) ? [[id, extensions[id]] as const] : []));
};

const carries = (part: Part, id: string, features: Features, clientEra: Era): boolean => {
  if (id === TASKS_EXTENSION) return clientEra === 'modern' && features.tasks && offersTasks(part);
  return id === APPS_EXTENSION || part.exposure.node.extensions[id] !== undefined;
};

/** What several upstreams say of one extension: the same, or nothing that could hold for all. */
const merged = (all: readonly Settings[]): Settings => {
  const texts = new Set(all.map((settings) => JSON.stringify(settings)));
  return texts.size === 1 ? all[0]! : {};
};

/** The `extensions` capability for a client; undefined where there is none. */
export const mergeExtensions = (
  parts: readonly Part[],
  features: Features,
  clientEra: Era,
): Readonly<Record<string, Settings>> | undefined => {
  const found = new Map<string, Settings[]>();
  for (const part of parts) {
    for (const [id, settings] of offeredBy(part))
      if (carries(part, id, features, clientEra)) found.set(id, [...(found.get(id) ?? []), settings]);
  }
  if (found.size === 0) return undefined;
  return Object.fromEntries([...found].map(([id, all]) => [id, merged(all)]));
};
