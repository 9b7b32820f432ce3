/** Whether a listener's address can be bound here. It is bound for a moment. */
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { ListenerNode } from '../../schema/graph/listener.ts';
import { failureText } from './failure.ts';
import type { OnlineFinding } from './finding.ts';

const bindOnce = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });

export const tryBind = async ({ name, bind }: ListenerNode): Promise<OnlineFinding | undefined> => {
  const address = bind.type === 'tcp' ? `${bind.host}:${bind.port}` : bind.path;
  try {
    if (bind.type === 'tcp') await bindOnce(bind.host, bind.port);
    else accessSync(dirname(bind.path), constants.W_OK);
    return undefined;
  } catch (thrown) {
    return {
      code: 'GW5008',
      path: ['listeners', name, 'bind'],
      data: { address, reason: failureText(thrown) },
    };
  }
};
