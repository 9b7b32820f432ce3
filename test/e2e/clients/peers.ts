/** Every client that the gateway is tried with, by the name it has in titles. */
import type { OpenPeer } from './peer.ts';
import { openV1 } from './v1-peer.ts';
import { openV2 } from './v2-peer.ts';

export const openModern = openV2({ pin: '2026-07-28' });

export const PEERS: readonly {
  readonly name: string;
  readonly era: 'modern' | 'legacy';
  readonly open: OpenPeer;
}[] = [
  { name: 'SDK v1', era: 'legacy', open: openV1 },
  { name: 'SDK v2, legacy', era: 'legacy', open: openV2('legacy') },
  { name: 'SDK v2, auto', era: 'modern', open: openV2('auto') },
  { name: 'SDK v2, modern', era: 'modern', open: openModern },
];
