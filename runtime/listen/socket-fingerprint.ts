import type { ListenerNode } from '../../schema/graph/listener.ts';

/** What a socket is tied to. A port that the system chooses belongs to the listener that it was chosen for. */
export const addressFingerprint = ({ name, bind }: ListenerNode): string =>
  JSON.stringify(bind.type === 'tcp' && bind.port === 0 ? [bind, name] : bind);

/** What a listener is tied to besides: with another, another takes over its socket. */
export const kindFingerprint = ({ http, tls, serve }: ListenerNode): string =>
  JSON.stringify([http, tls !== undefined, serve.length > 0]);

/** Both. */
export const socketFingerprint = (node: ListenerNode): string =>
  `${addressFingerprint(node)} ${kindFingerprint(node)}`;
