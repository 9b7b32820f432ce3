/** Requests of a legacy session about tasks (MCP 2025-11-25, tasks). */

import { membersAt } from '../../json-members.ts';
import type { Call } from '../call.ts';
import { later } from '../call.ts';
import { inTime } from '../caller-deadline.ts';
import { methodNotFound } from '../classify.ts';
import { stringParam } from '../message.ts';
import type { UpstreamResponse } from '../response.ts';
import { type Edit, replaceMember } from '../splice.ts';
import { callOrigin, unknownTask } from './call-task.ts';
import { listTasks } from './list-tasks.ts';
import { RELATED_TASK } from './required-task.ts';
import { openTaskId } from './task-id.ts';
import { toldTask } from './task-result.ts';

/** The result of a task names it in its `_meta` alone. */
const relatedEdits = ({ text, resultStart }: UpstreamResponse, sealed: string): Edit[] => {
  let start = resultStart;
  for (const key of ['_meta', RELATED_TASK]) {
    const members = start === undefined ? undefined : membersAt(text, start);
    start = members?.starts[members.keys.indexOf(key)];
  }
  const edit =
    start === undefined ? undefined : replaceMember(membersAt(text, start), 'taskId', JSON.stringify(sealed));
  return edit === undefined ? [] : [edit];
};

/** Answers a request about a task, or for a list of them. */
export const callSessionTask = (call: Call): void => {
  const { tasks, server, exchange, method, view } = call;
  if (tasks === undefined) {
    call.reply.error(methodNotFound('legacy'));
    return;
  }
  if (method.name === 'tasks/list') {
    listTasks(call, tasks);
    return;
  }
  const sealed = stringParam(call.message, 'taskId') ?? '';
  const origin = openTaskId(server, exchange.principal, sealed);
  if (origin === undefined) {
    call.reply.error(unknownTask());
    return;
  }
  const edits = (response: UpstreamResponse): Edit[] =>
    method.name === 'tasks/result' ? relatedEdits(response, sealed) : toldTask(response, origin.id, sealed);
  const send = (): void => callOrigin(call, origin, 'legacy', edits);
  if (view.index('tools') !== undefined) send();
  else later(call, inTime(call, view.prepare('tools')), send);
};
