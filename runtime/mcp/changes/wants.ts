/** Who wants to be told of which changes, and of what all of them together do. */
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { type Filter, FLAGS, NAMED } from '../modern/subscription-filter.ts';
import { scopesOf } from '../uri-scope.ts';
import { MAX_URI_LENGTH } from '../uri-template.ts';
import { Names } from './names.ts';

type Flag = (typeof FLAGS)[number][0];

const UPDATED = 'notifications/resources/updated';
const TASK = 'notifications/tasks';

const FLAG_OF: ReadonlyMap<unknown, Flag> = new Map(FLAGS.map(([flag, , method]) => [method, flag]));

/** Whether all of `filter` is asked for by `wider`. */
export const covers = (wider: Filter, filter: Filter): boolean => {
  for (const [flag] of FLAGS) if (filter[flag] && !wider[flag]) return false;
  return NAMED.every((key) => {
    const known = new Set(wider[key]);
    return (filter[key] ?? []).every((name) => known.has(name));
  });
};

/** What `granted` has of `filter`: itself, if all of it. */
export const common = (filter: Filter, granted: Filter): Filter => {
  if (covers(granted, filter)) return filter;
  const shared: Filter = {};
  for (const [flag] of FLAGS) if (filter[flag] && granted[flag]) shared[flag] = true;
  for (const key of NAMED) {
    if (filter[key] === undefined) continue;
    const known = new Set(granted[key]);
    const names = filter[key].filter((name) => known.has(name));
    if (names.length > 0) shared[key] = names;
  }
  return shared;
};

/** Whether a filter asks for nothing. */
export const isEmpty = (filter: Filter): boolean =>
  FLAGS.every(([flag]) => filter[flag] !== true) && NAMED.every((key) => (filter[key] ?? []).length === 0);

/** An index of followers by what they want: finding those whom a change concerns takes no walk over all. */
export class Wants<Follower> {
  readonly #flags: Readonly<Record<Flag, Set<Follower>>> = {
    toolsListChanged: new Set(),
    promptsListChanged: new Set(),
    resourcesListChanged: new Set(),
  };
  readonly #names: Readonly<Record<(typeof NAMED)[number], Names<Follower>>> = {
    resourceSubscriptions: new Names(),
    taskIds: new Names(),
  };

  add(follower: Follower, filter: Filter): void {
    for (const [flag] of FLAGS) if (filter[flag]) this.#flags[flag].add(follower);
    for (const key of NAMED) this.#names[key].add(follower, filter[key]);
  }

  delete(follower: Follower, filter: Filter): void {
    for (const [flag] of FLAGS) if (filter[flag]) this.#flags[flag].delete(follower);
    for (const key of NAMED) this.#names[key].delete(follower, filter[key]);
  }

  wantsUri(uri: string): boolean {
    return this.#names.resourceSubscriptions.has(uri);
  }

  /** Whether no kind of names is wanted in more than `max`, with those of `filter`. */
  hasRoom(filter: Filter, max: number): boolean {
    return NAMED.every((key) => {
      const known = this.#names[key];
      const added = filter[key]?.filter((name) => !known.has(name)) ?? [];
      return added.length === 0 || known.size + added.length <= max;
    });
  }

  /** What all want together, with `more` added. */
  union(more: readonly Filter[] = []): Filter {
    const all: Filter = {};
    for (const [flag] of FLAGS)
      if (this.#flags[flag].size > 0 || more.some((filter) => filter[flag])) all[flag] = true;
    for (const key of NAMED) {
      const names = this.#names[key].with(more.map((filter) => filter[key]));
      if (names !== undefined) all[key] = names;
    }
    return all;
  }

  /** Those whom a notification concerns, each once; an update of a part concerns those who want the whole. */
  concerned({ method, params }: UpstreamMessage): Iterable<Follower> {
    const flag = FLAG_OF.get(method);
    if (flag !== undefined) return this.#flags[flag];
    if (!isObject(params)) return [];
    if (method === TASK) return this.#names.taskIds.of(String(params.taskId));
    const uris = this.#names.resourceSubscriptions;
    const uri = method === UPDATED ? params.uri : undefined;
    if (typeof uri !== 'string' || uri.length > MAX_URI_LENGTH || uris.size === 0) return [];
    const found = new Set<Follower>();
    for (const scope of scopesOf(uri)) for (const follower of uris.of(scope)) found.add(follower);
    return found;
  }
}
