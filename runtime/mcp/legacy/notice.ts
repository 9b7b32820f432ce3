/** What upstreams tell that belongs to no call: what of it a session's client is told, and how. */
import { admitsMethod } from '../../../policies/features/features.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { knowsNotification } from '../bridge/older/notification.ts';
import { exposedUpdate } from '../exposed-uris.ts';
import type { PreparedServer } from '../server.ts';
import type { View } from '../view.ts';
import type { Session } from './session.ts';

/** What upstreams may tell that belongs to no request. */
const UNSOLICITED: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/message',
  'notifications/elicitation/complete',
  'notifications/tasks/status',
]);

type Told = Pick<Session, 'version' | 'subscriptions'>;

/** An update is told of what is subscribed to, exposed, and allowed by the rules that serve now. */
const mayTellUpdate = (
  { subscriptions }: Told,
  { exposures, policies, node: server }: PreparedServer,
  upstreamName: string,
  uri: string,
): boolean => {
  const facts = subscriptions.factsFor(upstreamName, uri);
  if (facts === undefined) return false;
  const exposed = exposures.some(
    ({ upstream, resources }) => upstream.name === upstreamName && resources.expose(uri) !== undefined,
  );
  return exposed && (policies.none || policies.decide({ ...facts, server }).kind === 'allow');
};

/** Whether the client may have the notification of an upstream, as `server` is now. */
export const mayTell = (
  session: Told,
  server: PreparedServer,
  upstream: string,
  { method, params }: UpstreamMessage,
): boolean => {
  const name = String(method);
  if (!admitsMethod(server.node.features, name) || !knowsNotification(session.version, name)) return false;
  if (UNSOLICITED.has(name)) return true;
  if (name !== 'notifications/resources/updated' || !isObject(params)) return false;
  return typeof params.uri === 'string' && mayTellUpdate(session, server, upstream, params.uri);
};

/** What the client is told: a resource has the name here that the client knows it by. */
export const exposedNotice = (
  view: View,
  upstream: string,
  text: string,
  message: UpstreamMessage,
): string => {
  if (message.method !== 'notifications/resources/updated') return text;
  const part = view.parts.find(({ exposure }) => exposure.upstream.name === upstream);
  return part === undefined ? text : exposedUpdate(view, part, text, message);
};
