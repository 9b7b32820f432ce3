/** The tasks that a legacy session's calls have created: all that its client may be told of. */

import { membersAt, memberText } from '../../json-members.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { applyEdits, replaceMember, rewriteObject } from '../splice.ts';
import { RELATED_TASK } from './required-task.ts';

/** Tasks of one session that are known by name; the oldest is forgotten beyond it. */
const MAX_TASKS = 1000;

const STATUS = 'notifications/tasks/status';

export class SessionTasks {
  /** By upstream and its id: the client's id. */
  readonly #sealed = new Map<string, string>();

  /** A task was created. */
  add(upstream: string, id: string, sealed: string): void {
    this.#sealed.set(keyOf(upstream, id), sealed);
    if (this.#sealed.size > MAX_TASKS) this.#sealed.delete(this.#sealed.keys().next().value!);
  }

  /** The client's id of an upstream's task; undefined for one that this session did not create. */
  sealedOf(upstream: string, id: unknown): string | undefined {
    return typeof id === 'string' ? this.#sealed.get(keyOf(upstream, id)) : undefined;
  }

  /** A message of an upstream with the client's id of the task that it is about; undefined for any other task. */
  told(upstream: string, text: string, { method, params }: UpstreamMessage): string | undefined {
    if (!isObject(params)) return method === STATUS ? undefined : text;
    const related = isObject(params._meta) ? params._meta[RELATED_TASK] : undefined;
    if (method !== STATUS && related === undefined) return text;
    const id = method === STATUS ? params.taskId : isObject(related) ? related.taskId : undefined;
    const sealed = this.sealedOf(upstream, id);
    if (sealed === undefined) return undefined;
    const path = method === STATUS ? ['params'] : ['params', '_meta', RELATED_TASK];
    return withTaskId(text, path, sealed);
  }
}

const keyOf = (upstream: string, id: string): string => `${upstream}\n${id}`;

/** `text` with another `taskId` in the object that `path` leads to from its root. */
export const withTaskId = (text: string, path: readonly string[], id: string): string => {
  let members = membersAt(text, 0);
  for (const key of path) {
    const start = members.starts[members.keys.indexOf(key)];
    if (start === undefined) return text;
    members = membersAt(text, start);
  }
  const edit = replaceMember(members, 'taskId', JSON.stringify(id));
  return edit === undefined ? text : applyEdits(text, [edit]);
};

const QUESTIONS: ReadonlySet<string> = new Set(['inputRequests']);

/** A notification without what its task asks: tasks/get tells that, as far as the client can be asked. */
export const withoutQuestions = (text: string): string => {
  const root = membersAt(text, 0);
  const params = memberText(text, root, 'params');
  if (params === undefined || !params.startsWith('{')) return text;
  return applyEdits(text, [replaceMember(root, 'params', rewriteObject(params, QUESTIONS, []))!]);
};
