/** tasks/list of a legacy session (MCP 2025-11-25, tasks): the tasks that its own calls created, of all upstreams. */
import { GatewayError, RPC } from '../../errors.ts';
import { elementsAt, membersAt } from '../../json-members.ts';
import { isObject } from '../../upstream/message.ts';
import { type Call, callFacts, later } from '../call.ts';
import { inTime } from '../caller-deadline.ts';
import { resultText } from '../client-reply.ts';
import { admit } from '../gate.ts';
import { PARTIAL } from '../list.ts';
import { pageAsks } from '../page-asks.ts';
import type { Part } from '../part.ts';
import { type SessionTasks, withTaskId } from './session-tasks.ts';

const MAX_PAGES = 100;

/** What a legacy upstream says of its tasks. */
const tasksOf = ({ connected }: Part): Readonly<Record<string, unknown>> | undefined => {
  const tasks = connected?.link.era === 'legacy' ? connected.link.peer.capabilities.tasks : undefined;
  return isObject(tasks) ? tasks : undefined;
};

/** The tasks on one page that the session created, as JSON texts under the client's ids. */
const ownTasks = (text: string, upstream: string, tasks: SessionTasks): string[] => {
  const root = membersAt(text, 0);
  const result = membersAt(text, root.starts[root.keys.indexOf('result')]!);
  const at = result.starts[result.keys.indexOf('tasks')];
  if (at === undefined) return [];
  return elementsAt(text, at).flatMap(([start, end]) => {
    const item = text.slice(start, end);
    const value: unknown = JSON.parse(item);
    const sealed = isObject(value) ? tasks.sealedOf(upstream, value.taskId) : undefined;
    return sealed === undefined ? [] : [withTaskId(item, [], sealed)];
  });
};

const listPart = async (call: Call, part: Part, tasks: SessionTasks): Promise<string[]> => {
  const link = part.connected?.link;
  if (link === undefined || tasksOf(part)?.list === undefined) return [];
  const context = { info: call.server.info, capabilitiesText: '{}' };
  const askPage = pageAsks(link, 'tasks/list', context, part.exposure.upstreamNode.timeouts.listMs);
  const found: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { text, result } = await askPage(cursor === undefined ? {} : { cursor });
    found.push(...ownTasks(text, link.upstream, tasks));
    if (typeof result.nextCursor !== 'string' || result.nextCursor === cursor) break;
    cursor = result.nextCursor;
  }
  return found;
};

/** Answers tasks/list on one page: a session knows a bounded number of tasks. */
export const listTasks = (call: Call, tasks: SessionTasks): void =>
  admit(call, callFacts(call, '', undefined), () => answerTasks(call, tasks));

const answerTasks = (call: Call, tasks: SessionTasks): void => {
  if (call.message.params.cursor !== undefined) {
    call.reply.error(new GatewayError('invalid_params', 'invalid cursor', { rpcCode: RPC.invalidParams }));
    return;
  }
  const listing = call.view
    .prepare(undefined)
    .then(() => Promise.allSettled(call.view.parts.map((part) => listPart(call, part, tasks))));
  later(call, inTime(call, listing), (settled) => {
    const found = settled.flatMap((part) => (part.status === 'fulfilled' ? part.value : []));
    const partial = settled.some(({ status }) => status === 'rejected') ? `,"_meta":{${PARTIAL}}` : '';
    call.exchange.record.outcome = 'ok';
    call.reply.response(resultText(call.idText, `{"tasks":[${found.join(',')}]${partial}}`));
  });
};

/** The `tasks` capability for a legacy client: what any upstream can do; undefined where none runs tasks. */
export const mergeTasks = (parts: readonly Part[]): Readonly<Record<string, unknown>> | undefined => {
  const all = parts.map(tasksOf).filter((tasks) => tasks !== undefined);
  const calls = all.some(
    ({ requests }) => isObject(requests) && isObject(requests.tools) && 'call' in requests.tools,
  );
  if (!calls) return undefined;
  return {
    ...(all.some(({ list }) => list !== undefined) ? { list: {} } : {}),
    ...(all.some(({ cancel }) => cancel !== undefined) ? { cancel: {} } : {}),
    requests: { tools: { call: {} } },
  };
};
