/** A request of the gateway's own, awaited: discovery and initialisation. Not for the path of a call. */

import type { ReplySink } from './link.ts';
import type { Message } from './message.ts';

/** The response to what `send` sends with the sink it is given. Rejects with the GatewayError of the sink. */
export const ask = (send: (sink: ReplySink) => unknown): Promise<Message> =>
  new Promise((resolve, reject) => {
    send({
      onStream: () => undefined,
      onSuspend: () => undefined,
      onMessage: () => undefined,
      onResponse: (_text, message) => resolve(message),
      onError: reject,
    });
  });
