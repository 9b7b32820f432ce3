/** A listener on a real socket, with its generation made by hand. */

import type { GenerationView, Handler } from '../../../runtime/generation.ts';
import { BoundAddress } from '../../../runtime/listen/bound-address.ts';
import type { Exchange } from '../../../runtime/listen/exchange.ts';
import type { ExchangeRecord } from '../../../runtime/listen/exchange-record.ts';
import { Listener } from '../../../runtime/listen/listener.ts';
import type { ListenerObserver } from '../../../runtime/listen/observer.ts';
import { prepareListener } from '../../../runtime/listen/prepare-listener.ts';
import type { Shedding } from '../../../runtime/listen/shedding.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';

export const listenerNode = (changes: Partial<ListenerNode> = {}): ListenerNode => ({
  kind: 'listener',
  name: 'edge',
  bind: { type: 'tcp', host: '127.0.0.1', port: 0 },
  url: '',
  http: ['http/1.1'],
  hosts: ['127.0.0.1', 'localhost'],
  origins: ['http://localhost', 'https://app.example'],
  trustedProxies: [],
  ip: { deny: [] },
  headers: [
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
  ],
  sizes: { bodyBytes: 4096, headerBytes: 16_384, jsonDepth: 64 },
  connections: {
    max: 100,
    maxPerAddress: 50,
    headerTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
  },
  documents: {},
  serve: [],
  identities: [],
  routes: [],
  ...changes,
});

export interface Finished {
  readonly path: string;
  readonly status: number;
  readonly clientAddress: string;
  readonly record: ExchangeRecord;
}

/** Remembers what it is told. */
export class RecordingObserver implements ListenerObserver {
  readonly finished: Finished[] = [];
  readonly refused: string[] = [];
  readonly bad: number[] = [];
  opened = 0;
  closed = 0;
  started = 0;
  connectionOpened(): void {
    this.opened += 1;
  }
  connectionClosed(): void {
    this.closed += 1;
  }
  connectionRefused(_listener: string, reason: string): void {
    this.refused.push(reason);
  }
  badRequest(_listener: string, status: number): void {
    this.bad.push(status);
  }
  exchangeStarted(): void {
    this.started += 1;
  }
  exchangeFinished(exchange: Exchange, status: number): void {
    const { path, clientAddress, record } = exchange;
    this.finished.push({ path, status, clientAddress, record });
  }
  listenerFailed(): void {}
}

export interface ServedListener {
  readonly listener: Listener;
  readonly observer: RecordingObserver;
  readonly port: number;
  readonly url: string;
  /** Generations held by requests. */
  held(): number;
  /** Serves this from the next request on. */
  swap(node: ListenerNode, routes?: Readonly<Record<string, Handler>>): void;
  /** Ends it: no connection is taken from the call on. */
  close(windowMs: number, deadlineMs: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const serve = async (
  node: ListenerNode,
  routes: Readonly<Record<string, Handler>> = {},
  shedding?: Shedding,
): Promise<ServedListener> => {
  const observer = new RecordingObserver();
  let held = 0;
  let prepared = prepareListener(node, new Map(Object.entries(routes)), node.documents);
  const generation = {
    listener: (name: string) => (name === prepared.name ? prepared : undefined),
    acquire: () => {
      held += 1;
    },
    release: () => {
      held -= 1;
    },
  } as unknown as GenerationView;
  const address = new BoundAddress(node.bind);
  await address.listen();
  const listener = new Listener(node, address, () => generation, observer, { shedding });
  listener.serve();
  address.attach(listener);
  const { bound } = listener;
  return {
    listener,
    observer,
    port: bound.type === 'tcp' ? bound.port : 0,
    url: listener.url,
    held: () => held,
    swap: (next, nextRoutes = routes) => {
      prepared = prepareListener(next, new Map(Object.entries(nextRoutes)), next.documents);
    },
    close: (windowMs, deadlineMs) => {
      address.close();
      return listener.close(windowMs, deadlineMs);
    },
    [Symbol.asyncDispose]: () => {
      address.close();
      return listener.close(0, 0);
    },
  };
};

/** Waits until `condition` holds; fails after twenty seconds. */
export const until = async (condition: () => boolean): Promise<void> => {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
