/** What a session wants of its upstreams for as long as it lasts: its level of log messages, and its subscriptions. */
import type { Link } from '../../upstream/link.ts';
import { ask, type GatewayInfo } from '../ask.ts';
import { holdsOf } from '../changes/holds.ts';
import type { Session } from './session.ts';

const TELL_TIMEOUT_MS = 5000;

/** Sets the level of an upstream, if that logs. */
export const tellLevel = async (link: Link, level: string, info: GatewayInfo): Promise<void> => {
  if (link.peer.capabilities.logging === undefined) return;
  const context = { info, capabilitiesText: '{}' };
  await ask(link, 'logging/setLevel', { level }, context, TELL_TIMEOUT_MS).catch(() => undefined);
};

/** A conversation that takes the place of a lost one knows nothing of what was subscribed to in that. */
export const tellWishes = (session: Session, link: Link, info: GatewayInfo): void => {
  const { logLevel, subscriptions } = session;
  if (logLevel !== undefined) void tellLevel(link, logLevel, info);
  for (const uri of subscriptions.of(link.upstream))
    void holdsOf(link).acquire(uri, session, link, info, TELL_TIMEOUT_MS);
};

/** A conversation of its own ends with what it subscribed to; a process that others share does not. */
export const giveBackWishes = async (session: Session, info: GatewayInfo): Promise<void> => {
  const { links, subscriptions } = session;
  const shared = links.all().filter((link) => link.subscriber !== link);
  await Promise.all(
    shared.flatMap((link) =>
      subscriptions
        .of(link.upstream)
        .map((uri) => holdsOf(link).release(uri, session, link, info, TELL_TIMEOUT_MS)),
    ),
  );
};
