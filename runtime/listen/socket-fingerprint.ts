import type { ListenerNode } from '../../schema/graph/listener.ts';

/** The part of a listener's node that a bound socket is tied to: with another, it is another socket. */
export const socketFingerprint = (node: ListenerNode): string =>
  JSON.stringify([node.bind, node.http, node.tls !== undefined]);
