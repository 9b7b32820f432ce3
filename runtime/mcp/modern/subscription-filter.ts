/** What a subscription is to: flags for lists, URIs for resources (MCP 2026-07-28, schema, SubscriptionFilter). */
import { isObject } from '../../upstream/message.ts';

export interface Filter {
  toolsListChanged?: true;
  promptsListChanged?: true;
  resourcesListChanged?: true;
  resourceSubscriptions?: string[];
  /** Of the tasks extension (SEP-2663): the client's ids in its own filter, the upstream's in a share of it. */
  taskIds?: string[];
}

/** The members of a filter that are lists of names. */
export const NAMED = ['resourceSubscriptions', 'taskIds'] as const;

/** Each flag with the kind of list that it is about and the notification that it asks for. */
export const FLAGS = [
  ['toolsListChanged', 'tools', 'notifications/tools/list_changed'],
  ['promptsListChanged', 'prompts', 'notifications/prompts/list_changed'],
  ['resourcesListChanged', 'resources', 'notifications/resources/list_changed'],
] as const;

/** More names of one kind than this in one stream are refused. */
const MAX_NAMES = 1000;

/** The filter in `value`, without what this revision does not know; undefined if it is none. */
export const readFilter = (value: unknown): Filter | undefined => {
  if (!isObject(value)) return undefined;
  const filter: Filter = {};
  for (const [flag] of FLAGS) if (value[flag] === true) filter[flag] = true;
  for (const key of NAMED) {
    const names = value[key];
    if (names === undefined) continue;
    if (!Array.isArray(names) || names.length > MAX_NAMES || names.some((name) => typeof name !== 'string'))
      return undefined;
    filter[key] = [...new Set(names as string[])];
  }
  return filter;
};

/** Adds to `honoured` what an upstream acknowledged of its `share`; what it was not asked for is not its to grant. */
export const honour = (honoured: Filter, share: Filter, acknowledged: unknown): void => {
  if (!isObject(acknowledged)) return;
  for (const [flag] of FLAGS) if (acknowledged[flag] === true && share[flag]) honoured[flag] = true;
  for (const key of NAMED) {
    const names = acknowledged[key];
    const granted = Array.isArray(names) ? (share[key]?.filter((name) => names.includes(name)) ?? []) : [];
    if (granted.length > 0) honoured[key] = [...(honoured[key] ?? []), ...granted];
  }
};
