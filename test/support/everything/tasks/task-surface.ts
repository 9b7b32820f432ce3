import { StoredTask } from './task-store.ts';
import { TASK_TOOLS } from './task-tools.ts';

/** The tasks of one fixture server, by id. */
export type Tasks = Map<string, StoredTask>;

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

type Members = Readonly<Record<string, unknown>>;

interface TaskRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: Members;
}

const members = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const result = (id: unknown, value: Members): Response =>
  Response.json({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...value } });

const refusal = (id: unknown, status: number, code: number, message: string, data?: object): Response =>
  Response.json(
    { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } },
    { status },
  );

const declares = (params: Members): boolean =>
  TASKS_EXTENSION in members(members(members(params._meta)[CAPABILITIES]).extensions);

const readRequest = (body: unknown): TaskRequest | undefined => {
  const { id, method, params } = members(body);
  return typeof method === 'string' && id !== undefined ? { id, method, params: members(params) } : undefined;
};

/**
 * Answers what belongs to the tasks extension (SEP-2663), which the SDK does not know: undefined for anything else.
 */
export function answerTasks(request: Request, body: unknown, tasks: Tasks): Response | undefined {
  const asked = request.method === 'POST' ? readRequest(body) : undefined;
  if (asked === undefined) return undefined;
  const { id, method, params } = asked;
  if (method === 'tools/call') return callTool(request, asked, tasks);
  if (method !== 'tasks/get' && method !== 'tasks/update' && method !== 'tasks/cancel') return undefined;
  const name = request.headers.get('mcp-name');
  if (request.headers.get('mcp-method') !== method || name !== params.taskId)
    return refusal(id, 400, -32020, 'the headers do not match the body');
  if (!declares(params)) return needsTasks(id);
  const task = tasks.get(String(params.taskId));
  if (task === undefined) return refusal(id, 200, -32602, 'unknown task');
  if (method === 'tasks/get') return result(id, task.detailed());
  if (method === 'tasks/update') task.update(members(params.inputResponses));
  else task.cancel();
  return result(id, {});
}

function callTool(request: Request, { id, params }: TaskRequest, tasks: Tasks): Response | undefined {
  const tool = TASK_TOOLS[String(params.name)];
  if (tool === undefined || !request.headers.has('mcp-method')) return undefined;
  if (request.headers.get('mcp-method') !== 'tools/call' || request.headers.get('mcp-name') !== params.name)
    return undefined;
  if (!declares(params)) return tool.required ? needsTasks(id) : undefined;
  const responses = params.inputResponses === undefined ? undefined : members(params.inputResponses);
  const work = tool.start(members(params.arguments), responses);
  if (typeof work !== 'function')
    return result(id, { resultType: 'input_required', inputRequests: work.ask });
  const task = new StoredTask(work);
  tasks.set(task.taskId, task);
  return result(id, { resultType: 'task', ...task.created() });
}

const needsTasks = (id: unknown): Response =>
  refusal(id, 400, -32021, 'the tasks extension is needed', {
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });
