/**
 * Tools of legacy upstreams that run as tasks only (MCP 2025-11-25, tasks, `taskSupport: required`), for clients that
 * know no tasks of that kind: the gateway makes the task and waits for its result.
 */

import { membersAt, memberText } from '../../json-members.ts';
import type { Cancel, Link, OutboundRequest, ReplySink } from '../../upstream/link.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import type { Call } from '../call.ts';
import type { Item } from '../catalogue.ts';
import { applyEdits, replaceMember, rewriteObject } from '../splice.ts';

/** Relates a message to its task (MCP 2025-11-25, tasks). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** The revision that has tasks of this kind. */
export const TASKS_REVISION = '2025-11-25';

/** How long the upstream is asked to keep a result that nobody came for. */
const KEPT_MS = 10 * 60 * 1000;

/** Whether a call must be made as a task that its client does not know of. */
export const needsTask = ({ client }: Call, link: Link, { value: { execution } }: Item): boolean =>
  link.era === 'legacy' &&
  (client.era === 'modern' || client.revision < TASKS_REVISION) &&
  isObject(execution) &&
  execution.taskSupport === 'required';

/** A request that is under way. */
export interface Begun {
  readonly cancel: Cancel;
  /** Stops its clock while it waits for its client. */
  pause(paused: boolean): void;
}

const asTask = (body: string): string => {
  const root = membersAt(body, 0);
  const params = memberText(body, root, 'params') ?? '{}';
  const text = rewriteObject(params, new Set(['task']), [['task', JSON.stringify({ ttl: KEPT_MS })]]);
  return applyEdits(body, [replaceMember(root, 'params', text)!]);
};

const about = (link: Link, method: string, taskId: string, request: OutboundRequest): OutboundRequest => {
  const id = link.nextId();
  const body = JSON.stringify({ jsonrpc: '2.0', id, method, params: { taskId } });
  return { ...request, id, method, body, idempotent: true };
};

/** The result without what relates it to a task that its client knows nothing of. */
const unrelated = (text: string, message: UpstreamMessage): [string, UpstreamMessage] => {
  const { result } = message;
  if (!isObject(result) || !isObject(result._meta) || !(RELATED_TASK in result._meta)) return [text, message];
  const root = membersAt(text, 0);
  const members = membersAt(text, root.starts[root.keys.indexOf('result')]!);
  const meta = rewriteObject(memberText(text, members, '_meta')!, new Set([RELATED_TASK]), []);
  const plain = applyEdits(text, [replaceMember(members, '_meta', meta)!]);
  return [plain, JSON.parse(plain) as UpstreamMessage];
};

const IGNORED: ReplySink = {
  onStream: () => undefined,
  onSuspend: () => undefined,
  onMessage: () => undefined,
  onResponse: () => undefined,
  onError: () => undefined,
};

/**
 * Sends a tools/call as a task and answers `sink` with the result of the task, or with the error that there was
 * instead. To take it back cancels the task.
 */
export const requestAsTask = (link: Link, request: OutboundRequest, sink: ReplySink): Begun => {
  let current = request;
  let taskId: string | undefined;
  const result: ReplySink = {
    onStream: () => sink.onStream(),
    onSuspend: () => sink.onSuspend(),
    onMessage: (text, message) => sink.onMessage(text, message),
    onResponse: (text, message) => sink.onResponse(...unrelated(text, message)),
    onError: (error) => sink.onError(error),
  };
  const created: ReplySink = {
    ...result,
    onResponse: (text, message) => {
      const task = isObject(message.result) ? message.result.task : undefined;
      if (!isObject(task) || typeof task.taskId !== 'string') {
        sink.onResponse(text, message);
        return;
      }
      taskId = task.taskId;
      current = about(link, 'tasks/result', taskId, request);
      cancel = link.request(current, result);
    },
  };
  let cancel = link.request({ ...request, body: asTask(request.body) }, created);
  return {
    cancel: (reason) => {
      cancel(reason);
      if (taskId !== undefined) link.request(about(link, 'tasks/cancel', taskId, request), IGNORED);
    },
    pause: (paused) => link.pause?.(current.id, paused),
  };
};

/** Sends a request as it is. */
export const requestPlainly = (link: Link, request: OutboundRequest, sink: ReplySink): Begun => ({
  cancel: link.request(request, sink),
  pause: (paused) => link.pause?.(request.id, paused),
});
