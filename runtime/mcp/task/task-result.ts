/** Results that carry a task id at their root: what creates a task, and what tells of one (SEP-2663). */

import { membersAt } from '../../json-members.ts';
import { upstreamError } from '../../upstream/failure.ts';
import { isObject } from '../../upstream/message.ts';
import type { Call } from '../call.ts';
import type { UpstreamResponse } from '../response.ts';
import { type Edit, replaceMember } from '../splice.ts';
import { declaresTasks } from './extension.ts';
import type { SessionTasks } from './session-tasks.ts';
import { sealTaskId } from './task-id.ts';

const idEdit = ({ text, resultStart }: UpstreamResponse, id: string): Edit[] => {
  if (resultStart === undefined) return [];
  const edit = replaceMember(membersAt(text, resultStart), 'taskId', JSON.stringify(id));
  return edit === undefined ? [] : [edit];
};

/** A result that names a task by `id`, for the client that knows it by `sealed`. */
export const toldTask = (response: UpstreamResponse, id: string, sealed: string): Edit[] =>
  response.result?.taskId === id ? idEdit(response, sealed) : [];

/**
 * The answer to tools/call that created a task, with the id that its client gets. Throws `upstream_protocol` for one
 * that the client did not ask for, or that names none.
 */
export const createdTask = (call: Call, upstream: string, response: UpstreamResponse): Edit[] => {
  const id = response.result?.taskId;
  const { method, message, server, exchange } = call;
  if (method.name !== 'tools/call' || !server.node.features.tasks || !declaresTasks(message))
    throw upstreamError('upstream_protocol', 'a task that was not asked for');
  if (typeof id !== 'string') throw upstreamError('upstream_protocol', 'a task without an id');
  const tool = String(message.params.name);
  return idEdit(response, sealTaskId(server, exchange.principal, { upstream, tool, id }));
};

/** The answer to a session's tools/call that created a task (MCP 2025-11-25, tasks), which the session keeps in mind. */
export const createdSessionTask = (
  call: Call,
  tasks: SessionTasks,
  upstream: string,
  { text, result, resultStart }: UpstreamResponse,
): Edit[] => {
  const task = result?.task;
  if (call.message.params.task === undefined || resultStart === undefined || !isObject(task)) return [];
  if (typeof task.taskId !== 'string') throw upstreamError('upstream_protocol', 'a task without an id');
  const tool = String(call.message.params.name);
  const sealed = sealTaskId(call.server, call.exchange.principal, { upstream, tool, id: task.taskId });
  tasks.add(upstream, task.taskId, sealed);
  const members = membersAt(text, resultStart);
  const start = members.starts[members.keys.indexOf('task')]!;
  return [replaceMember(membersAt(text, start), 'taskId', JSON.stringify(sealed))!];
};
