/** Who wants to be told of which changes, and of what all of them together do. */
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { type Filter, FLAGS } from '../modern/subscription-filter.ts';
import { scopesOf } from '../uri-scope.ts';

type Flag = (typeof FLAGS)[number][0];

const UPDATED = 'notifications/resources/updated';

/** A longer URI is nobody's: as where it is read. */
const MAX_URI_LENGTH = 8192;

const FLAG_OF: ReadonlyMap<unknown, Flag> = new Map(FLAGS.map(([flag, , method]) => [method, flag]));

/** Whether all of `filter` is asked for by `wider`. */
export const covers = (wider: Filter, filter: Filter): boolean => {
  for (const [flag] of FLAGS) if (filter[flag] && !wider[flag]) return false;
  const uris = filter.resourceSubscriptions ?? [];
  if (uris.length === 0) return true;
  const known = new Set(wider.resourceSubscriptions);
  return uris.every((uri) => known.has(uri));
};

/** What `granted` has of `filter`: itself, if all of it. */
export const common = (filter: Filter, granted: Filter): Filter => {
  if (covers(granted, filter)) return filter;
  const shared: Filter = {};
  for (const [flag] of FLAGS) if (filter[flag] && granted[flag]) shared[flag] = true;
  if (filter.resourceSubscriptions === undefined) return shared;
  const known = new Set(granted.resourceSubscriptions);
  const uris = filter.resourceSubscriptions.filter((uri) => known.has(uri));
  return uris.length === 0 ? shared : { ...shared, resourceSubscriptions: uris };
};

/** Whether a filter asks for nothing. */
export const isEmpty = (filter: Filter): boolean =>
  FLAGS.every(([flag]) => filter[flag] !== true) && (filter.resourceSubscriptions ?? []).length === 0;

/** An index of followers by what they want: finding those whom a change concerns takes no walk over all. */
export class Wants<Follower> {
  readonly #flags: Readonly<Record<Flag, Set<Follower>>> = {
    toolsListChanged: new Set(),
    promptsListChanged: new Set(),
    resourcesListChanged: new Set(),
  };
  readonly #uris = new Map<string, Set<Follower>>();

  add(follower: Follower, filter: Filter): void {
    for (const [flag] of FLAGS) if (filter[flag]) this.#flags[flag].add(follower);
    for (const uri of filter.resourceSubscriptions ?? []) {
      const known = this.#uris.get(uri);
      if (known === undefined) this.#uris.set(uri, new Set([follower]));
      else known.add(follower);
    }
  }

  delete(follower: Follower, filter: Filter): void {
    for (const [flag] of FLAGS) if (filter[flag]) this.#flags[flag].delete(follower);
    for (const uri of filter.resourceSubscriptions ?? []) {
      const known = this.#uris.get(uri);
      known?.delete(follower);
      if (known?.size === 0) this.#uris.delete(uri);
    }
  }

  /** How many URIs are wanted. */
  get uriCount(): number {
    return this.#uris.size;
  }

  wantsUri(uri: string): boolean {
    return this.#uris.has(uri);
  }

  /** What all want together, with `more` added. */
  union(more: readonly Filter[] = []): Filter {
    const all: Filter = {};
    for (const [flag] of FLAGS)
      if (this.#flags[flag].size > 0 || more.some((filter) => filter[flag])) all[flag] = true;
    const uris = new Set(this.#uris.keys());
    for (const filter of more) for (const uri of filter.resourceSubscriptions ?? []) uris.add(uri);
    if (uris.size > 0) all.resourceSubscriptions = [...uris];
    return all;
  }

  /** Those whom a notification concerns, each once; an update of a part concerns those who want the whole. */
  concerned({ method, params }: UpstreamMessage): Iterable<Follower> {
    const flag = FLAG_OF.get(method);
    if (flag !== undefined) return this.#flags[flag];
    const uri = method === UPDATED && isObject(params) ? params.uri : undefined;
    if (typeof uri !== 'string' || uri.length > MAX_URI_LENGTH || this.#uris.size === 0) return [];
    const found = new Set<Follower>();
    for (const scope of scopesOf(uri))
      for (const follower of this.#uris.get(scope) ?? []) found.add(follower);
    return found;
  }
}
