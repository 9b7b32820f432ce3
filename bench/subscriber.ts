/** A process of its own that holds subscriptions, each on a connection of its own, driven over its IPC channel. */
import { connect } from 'node:net';
import { ENDPOINT_PATH, MODERN_META, MODERN_REVISION } from './call.ts';

export type SubscriberJob =
  /** Opens subscriptions; answered when all are acknowledged. */
  | {
      readonly kind: 'open';
      readonly port: number;
      /** Of one principal each. */
      readonly tokens: readonly string[];
      readonly count: number;
    }
  /** Answered when every subscription has been told of a change, once. */
  | { readonly kind: 'told' };

/** What this process sends back. */
export type SubscriberMessage = { readonly done: number } | { readonly error: string };

const AT_ONCE = 200;
const URIS_EACH = 50;
const METHOD = 'subscriptions/listen';

let opened = 0;
let told = 0;
let onTold: (() => void) | undefined;

const requestOf = (port: number, token: string, principal: number, index: number): string => {
  const notifications = {
    toolsListChanged: true,
    resourceSubscriptions: [`note://${principal}/${index % URIS_EACH}`],
  };
  const params = { notifications, _meta: MODERN_META };
  const body = JSON.stringify({ jsonrpc: '2.0', id: index, method: METHOD, params });
  return (
    `POST ${ENDPOINT_PATH} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
    `accept: application/json, text/event-stream\r\nmcp-protocol-version: ${MODERN_REVISION}\r\n` +
    `mcp-method: ${METHOD}\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
};

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const CHANGED = 'notifications/tools/list_changed';

/** One subscription. Resolves when it is acknowledged with all that it asked for. */
const subscribe = (port: number, token: string, principal: number, index: number): Promise<void> =>
  new Promise((resolve, reject) => {
    // Each principal comes from an address of its own: no port number is short.
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${principal + 1}` }, () =>
      socket.write(requestOf(port, token, principal, index)),
    );
    let isOpen = false;
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (!isOpen && text.includes(ACKNOWLEDGED)) {
        isOpen = true;
        if (text.includes('toolsListChanged') && text.includes('note://')) resolve();
        else reject(new Error(`not all was honoured: ${text}`));
      } else if (!isOpen && !text.startsWith('HTTP/1.1 200 ')) reject(new Error(text));
      if (!text.includes(CHANGED)) return;
      told += text.split(CHANGED).length - 1;
      onTold?.();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (isOpen) answer({ error: 'a subscription was closed' });
      else reject(new Error('closed before it was acknowledged'));
    });
  });

const open = async ({ port, tokens, count }: SubscriberJob & { kind: 'open' }): Promise<number> => {
  const last = opened + count;
  const work = async (): Promise<void> => {
    while (opened < last) {
      const index = opened;
      opened += 1;
      const principal = index % tokens.length;
      await subscribe(port, tokens[principal]!, principal, Math.floor(index / tokens.length));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return opened;
};

const allTold = (): Promise<number> =>
  new Promise((resolve) => {
    onTold = () => {
      if (told >= opened) resolve(told);
    };
    onTold();
  });

const answer = (message: SubscriberMessage): void => void process.send?.(message);

process.on('message', (job: SubscriberJob) => {
  (job.kind === 'open' ? open(job) : allTold()).then(
    (done) => answer({ done }),
    (error: Error) => answer({ error: error.message }),
  );
});
