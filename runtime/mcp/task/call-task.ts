/** tasks/get, tasks/update and tasks/cancel: to the upstream that runs the task, under the rules of its tool. */
import type { CallFacts } from '../../../schema/decision.ts';
import type { Era } from '../../../schema/graph/upstream.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { type Call, callFacts, later } from '../call.ts';
import { inTime } from '../caller-deadline.ts';
import { methodNotFound } from '../classify.ts';
import { forward } from '../forward.ts';
import { admit, decide, denial } from '../gate.ts';
import { questionEdits } from '../input/modern-input.ts';
import { stringParam } from '../message.ts';
import type { Entry } from '../name-index.ts';
import { encodeHeaderValue } from '../param-header.ts';
import type { UpstreamResponse } from '../response.ts';
import type { Edit } from '../splice.ts';
import type { View } from '../view.ts';
import { declaresTasks, offersTasks, tasksNotDeclared } from './extension.ts';
import { openTaskId, type TaskOrigin } from './task-id.ts';
import { toldTask } from './task-result.ts';

/** The answer to a task that does not exist, or must not be seen. */
export const unknownTask = (): GatewayError =>
  new GatewayError('unknown_target', 'Unknown task', { rpcCode: RPC.invalidParams });

/** Answers a request about a task. */
export const callTask = (call: Call): void => {
  if (!declaresTasks(call.message)) {
    call.reply.error(tasksNotDeclared());
    return;
  }
  const sealed = stringParam(call.message, 'taskId') ?? '';
  const origin = openTaskId(call.server, call.exchange.principal, sealed);
  if (origin === undefined) {
    later(call, inTime(call, call.view.prepare(undefined)), () => refuse(call));
    return;
  }
  const edits = (response: UpstreamResponse): Edit[] => [
    ...toldTask(response, origin.id, sealed),
    ...(response.result?.inputRequests === undefined ? [] : questionEdits(call, origin.upstream, response)),
  ];
  const send = (): void => callOrigin(call, origin, 'modern', edits);
  if (call.view.index('tools') !== undefined) send();
  else later(call, inTime(call, call.view.prepare('tools')), send);
};

/** Where no upstream has tasks there are no such methods. */
const refuse = (call: Call): void => {
  const exist = call.view.parts.some((part) => part.connected === undefined || offersTasks(part));
  call.reply.error(exist ? unknownTask() : methodNotFound('modern'));
};

/** A task follows its tool: who may not call that learns nothing of what it did. Its arguments are not known now. */
export const taskFacts = (facts: CallFacts, { tool, part }: Entry): CallFacts => ({
  ...facts,
  call: { ...facts.call, method: 'tools/call', name: tool.name },
  upstream: part.exposure.facts,
  tool,
});

/** The tool that a task runs for; undefined where it is not exposed any more. */
export const toolOf = (view: View, { upstream, tool }: TaskOrigin): Entry | undefined => {
  const entry = view.indexNow('tools').byName.get(tool);
  return entry?.tool.upstream === upstream ? entry : undefined;
};

interface JudgedTask {
  readonly origin: TaskOrigin;
  readonly entry: Entry | undefined;
  readonly facts: CallFacts;
}

/** Sends the request to the upstream that runs the task, if that speaks `era` still and the rules of its tool allow. */
export const callOrigin = (
  call: Call,
  origin: TaskOrigin,
  era: Era,
  resultEdits: (response: UpstreamResponse) => Edit[],
): void => {
  const entry = toolOf(call.view, origin);
  const plain = callFacts(call, origin.tool, undefined);
  const facts = entry === undefined ? plain : taskFacts(plain, entry);
  admit(call, facts, () => sendToOrigin(call, { origin, entry, facts }, era, resultEdits));
};

const sendToOrigin = (
  call: Call,
  { origin: { tool, id }, entry, facts }: JudgedTask,
  era: Era,
  resultEdits: (response: UpstreamResponse) => Edit[],
): void => {
  const decision = decide(call, facts);
  const refused =
    entry === undefined
      ? unknownTask()
      : denial(call, decision.kind === 'undecided' ? { kind: 'allow' } : decision, unknownTask);
  const link = entry?.part.connected?.link;
  if (refused !== undefined || entry === undefined || link === undefined || link.era !== era) {
    call.reply.error(refused ?? entry?.part.error ?? unknownTask());
    return;
  }
  call.exchange.record.target = tool;
  call.exchange.record.targetKnown = true;
  forward(call, entry.part.exposure, link, {
    upstreamName: id,
    parameter: 'taskId',
    mirrored: ['mcp-name', encodeHeaderValue(id)],
    idempotent: call.method.name !== 'tasks/update',
    ...call.server.limits.bounds(tool),
    resultEdits,
  });
};
