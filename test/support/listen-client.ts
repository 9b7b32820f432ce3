/** subscriptions/listen as a test opens it. */
import { EventStreamClient } from './event-stream-client.ts';
import { type ModernOptions, modernBody, modernHeaders } from './modern-client.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** Opens a stream; resolves when it is acknowledged. */
export const openListen = async (
  url: string,
  notifications: object,
  options: ModernOptions = {},
): Promise<EventStreamClient & { readonly honoured: object }> => {
  const params = { notifications };
  const client = await EventStreamClient.open(
    url,
    { method: 'POST', headers: modernHeaders('subscriptions/listen', params, options) },
    modernBody('subscriptions/listen', params, { id: 'sub', ...options }),
  );
  const first = await client.message(() => true);
  if (first.method !== ACKNOWLEDGED) throw new Error(`not acknowledged: ${JSON.stringify(first)}`);
  return Object.assign(client, { honoured: first.params.notifications });
};
