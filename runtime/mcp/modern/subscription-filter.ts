/** What a subscription is to: flags for lists, URIs for resources (MCP 2026-07-28, schema, SubscriptionFilter). */
import { isObject } from '../../upstream/message.ts';

export interface Filter {
  toolsListChanged?: true;
  promptsListChanged?: true;
  resourcesListChanged?: true;
  resourceSubscriptions?: string[];
}

/** Each flag with the kind of list that it is about and the notification that it asks for. */
export const FLAGS = [
  ['toolsListChanged', 'tools', 'notifications/tools/list_changed'],
  ['promptsListChanged', 'prompts', 'notifications/prompts/list_changed'],
  ['resourcesListChanged', 'resources', 'notifications/resources/list_changed'],
] as const;

/** More URIs than this in one stream are refused. */
const MAX_URIS = 1000;

/** The filter in `value`, without what this revision does not know; undefined if it is none. */
export const readFilter = (value: unknown): Filter | undefined => {
  if (!isObject(value)) return undefined;
  const filter: Filter = {};
  for (const [flag] of FLAGS) if (value[flag] === true) filter[flag] = true;
  const uris = value.resourceSubscriptions;
  if (uris === undefined) return filter;
  if (!Array.isArray(uris) || uris.length > MAX_URIS || uris.some((uri) => typeof uri !== 'string'))
    return undefined;
  return { ...filter, resourceSubscriptions: [...new Set(uris as string[])] };
};

/** Adds to `honoured` what an upstream acknowledged of its `share`; what it was not asked for is not its to grant. */
export const honour = (honoured: Filter, share: Filter, acknowledged: unknown): void => {
  if (!isObject(acknowledged)) return;
  for (const [flag] of FLAGS) if (acknowledged[flag] === true && share[flag]) honoured[flag] = true;
  const uris = acknowledged.resourceSubscriptions;
  if (!Array.isArray(uris)) return;
  const granted = share.resourceSubscriptions?.filter((uri) => uris.includes(uri)) ?? [];
  if (granted.length > 0)
    honoured.resourceSubscriptions = [...(honoured.resourceSubscriptions ?? []), ...granted];
};
