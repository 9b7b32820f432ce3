/**
 * subscriptions/listen: one stream for the client, fed by what each upstream tells of what it asks for
 * (MCP 2026-07-28, subscriptions). Acknowledged only after the upstreams have.
 */

import { admitsMethod } from '../../../policies/features/features.ts';
import { resourceFacts } from '../../../policies/target-facts.ts';
import type { CallFacts } from '../../../schema/decision.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { memberText } from '../../json-members.ts';
import { type Call, callFacts, later } from '../call.ts';
import { offeredFlags } from '../changes/offers.ts';
import { common, isEmpty } from '../changes/wants.ts';
import { closingRefusal } from '../closing.ts';
import { exposedUri } from '../exposed-uris.ts';
import type { Exposure } from '../exposure.ts';
import { admit, decide } from '../gate.ts';
import { admittedBy } from '../lasting-callers.ts';
import type { Part } from '../part.ts';
import { claimantOf, type Ownership, ownerOf, ownerSteps } from '../resource-owner.ts';
import { META } from '../revision.ts';
import type { PreparedServer } from '../server.ts';
import { taskFacts, toolOf } from '../task/call-task.ts';
import { declaresTasks, offersTasks } from '../task/extension.ts';
import { openTaskId, type TaskOrigin } from '../task/task-id.ts';
import type { View } from '../view.ts';
import { type Subscriber, Subscription } from './subscription.ts';
import { type Filter, readFilter } from './subscription-filter.ts';

/** The tasks that a client follows, by the ids that it knows them by. */
type Tasks = ReadonlyMap<string, TaskOrigin>;

/** What is kept of a call to decide by, for as long as its stream lasts. */
interface Reader {
  /** Whose rules count: the server that the stream was opened on, or what a reload has made of it. */
  server: PreparedServer;
  readonly view: View;
  readonly facts: CallFacts;
}

/** How the upstream of a part is exposed by the rules that count. */
const exposureNow = ({ server }: Reader, { exposure }: Part): Exposure | undefined =>
  server.exposures.find(({ node }) => node.upstream === exposure.node.upstream);

const mayRead = (reader: Reader, uri: string, part: Part, mimeType: string): boolean => {
  const { server, facts } = reader;
  const exposure = exposureNow(reader, part);
  if (exposure?.resources.expose(uri) === undefined) return false;
  const asked = { ...facts, server: server.node, nowMs: Date.now() };
  return decide({ server }, resourceFacts(asked, uri, mimeType, exposure.facts)).kind === 'allow';
};

/** Whether what an upstream says by this method is under the ceiling of the rules that count. */
const mayHear = (reader: Reader, part: Part, method: string): boolean =>
  admitsMethod(reader.server.node.features, method) && exposureNow(reader, part) !== undefined;

/**
 * Whether the caller may be told that a resource of `part` changed. Asked for each update: it may name a part of
 * what was asked for, which has rules, and an owner, of its own.
 */
const mayUpdate = (reader: Reader, part: Part, uri: string): boolean | Promise<boolean> => {
  if (part.exposure.resources.expose(uri) === undefined) return false;
  const { view, server } = reader;
  if (exposureNow(reader, part)?.resources.expose(uri) === undefined) return false;
  const allows = ({ mimeType }: Ownership): boolean => {
    // Where another upstream claims the URI too, each has it under a name of its own.
    const isShared = view.parts.length > 1 && exposedUri(view, part, uri) === uri;
    const claimant = isShared ? claimantOf(view, view.parts, uri) : undefined;
    return (claimant === undefined || claimant === part) && mayRead(reader, uri, part, mimeType);
  };
  const owner = ownerOf(view, uri, server.policies.readsMimeType);
  return owner instanceof Promise ? owner.then(allows) : allows(owner);
};

/** The URIs that may be read, by the upstream that has them. */
const urisByPart = async (
  reader: Reader,
  uris: readonly string[],
  subscription: Subscription,
): Promise<ReadonlyMap<Part, string[]>> => {
  const found = new Map<Part, string[]>();
  const steps = ownerSteps();
  for (const uri of uris) {
    const owner = await ownerOf(reader.view, uri, reader.server.policies.readsMimeType, steps);
    if (subscription.ended) break;
    if (owner.part === undefined || !mayRead(reader, owner.uri, owner.part, owner.mimeType)) continue;
    const known = found.get(owner.part);
    if (known === undefined) found.set(owner.part, [owner.uri]);
    else known.push(owner.uri);
  }
  return found;
};

/** Whether the caller may be told of a task: it follows its tool, whose arguments are not known now. */
const mayFollow = (reader: Reader, origin: TaskOrigin): boolean => {
  const { server, view, facts: told } = reader;
  const { args: _, ...facts } = told;
  const entry = toolOf(view, origin);
  const exposure = entry && exposureNow(reader, entry.part);
  if (entry === undefined || exposure?.tools.expose(entry.item.name) !== entry.exposedName) return false;
  const known = taskFacts({ ...facts, server: server.node, nowMs: Date.now() }, entry);
  const tool = { ...entry.tool, labels: exposure.labels.ofTool(entry.item.name) };
  return decide({ server }, { ...known, upstream: exposure.facts, tool }).kind !== 'deny';
};

/** The tasks of the caller among `ids`, by these. */
const tasksBehind = async (call: Call, reader: Reader, ids: readonly string[]): Promise<Tasks> => {
  const { server, exchange, view, message } = call;
  const found = new Map<string, TaskOrigin>();
  if (ids.length === 0 || !server.node.features.tasks || !declaresTasks(message)) return found;
  await view.prepare('tools');
  for (const id of ids) {
    const origin = openTaskId(server, exchange.principal, id);
    if (origin !== undefined && mayFollow(reader, origin)) found.set(id, origin);
  }
  return found;
};

const taskIdsOf = (tasks: Tasks, part: Part): string[] | undefined => {
  if (!offersTasks(part)) return undefined;
  const own = [...tasks.values()].filter(({ upstream }) => upstream === part.exposure.upstream.name);
  return own.length === 0 ? undefined : own.map(({ id }) => id);
};

const openAll = async (
  reader: Reader,
  subscription: Subscription,
  filter: Filter,
  tasks: Tasks,
): Promise<void> => {
  const { view, server } = reader;
  await view.prepare(undefined);
  const asked = server.node.features.resources ? (filter.resourceSubscriptions ?? []) : [];
  const uris = await urisByPart(reader, asked, subscription);
  await Promise.all(
    view.parts.map(async (part) => {
      if (subscription.ended || part.connected === undefined) return;
      const share = { ...common(filter, offeredFlags(part, server.node.features)) };
      const own = uris.get(part);
      if (own !== undefined) share.resourceSubscriptions = own;
      const taskIds = taskIdsOf(tasks, part);
      if (taskIds !== undefined) share.taskIds = taskIds;
      if (!isEmpty(share)) await subscription.open(part, share);
    }),
  );
};

const noFilter = (): GatewayError =>
  new GatewayError('invalid_params', 'params.notifications is no filter', {
    rpcCode: RPC.invalidParams,
    status: 400,
  });

const readerOf = (call: Call): Reader => ({
  server: call.server,
  view: call.view,
  facts: callFacts(call, '', {}),
});

const subscriberOf = (call: Call, reader: Reader, tasks: Tasks): Subscriber => {
  const { exchange, idText, message, reply, server } = call;
  const capabilitiesText = memberText(message.text, message.members.meta, META.clientCapabilities) ?? '{}';
  return {
    server,
    reply,
    idText,
    context: { info: server.info, capabilitiesText },
    view: call.view,
    expiresAtMs: exchange.principal.expiresAtMs,
    admitted: admittedBy(exchange, server.node.name, 'place'),
    facts: reader.facts,
    speaks: { era: call.client.era, revision: call.client.revision },
    adopt: (next) => {
      reader.server = next;
    },
    mayHear: (part, method) => mayHear(reader, part, method),
    mayUpdate: (part, uri) => mayUpdate(reader, part, uri),
    taskId: (part, id) => clientTaskId(reader, tasks, part, id),
  };
};

/** The client's id of an upstream's task, if it may be told of that now. */
const clientTaskId = (reader: Reader, tasks: Tasks, part: Part, id: unknown): string | undefined => {
  for (const [sealed, origin] of tasks)
    if (origin.id === id && origin.upstream === part.exposure.upstream.name)
      return mayFollow(reader, origin) ? sealed : undefined;
  return undefined;
};

/** Serves subscriptions/listen. */
export const callListen = (call: Call): void =>
  admit(call, callFacts(call, '', undefined), () => later(call, listen(call), () => undefined));

const listen = async (call: Call): Promise<void> => {
  const filter = readFilter(call.message.params.notifications);
  const refused = closingRefusal(call.exchange) ?? (filter === undefined ? noFilter() : undefined);
  if (refused !== undefined) {
    call.reply.error(refused);
    return;
  }
  if (!call.isWanted()) return;
  const reader = readerOf(call);
  const tasks = await tasksBehind(call, reader, filter!.taskIds ?? []);
  if (!call.isWanted()) return;
  const subscription = new Subscription(subscriberOf(call, reader, tasks));
  try {
    call.server.listens.add(subscription);
    call.exchange.onAbort = subscription.abandon;
    call.exchange.record.outcome = 'ok';
    if (!subscription.ended) call.server.lasting.add(subscription, call.server.held.graph);
    if (!subscription.ended) await openAll(reader, subscription, filter!, tasks);
  } catch (thrown) {
    subscription.abandon();
    throw thrown;
  }
  subscription.acknowledge();
};
