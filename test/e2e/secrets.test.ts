import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('hub', ['echo']);
});
afterAll(() => upstream.close());

const withToken = (token: string): string =>
  configuration({ hub: upstream.url }, { upstream: { credentials: { type: 'bearer', token } } });

describe('a secret', () => {
  it('[OPS-11/rotation] in a file is replaced without a restart', async () => {
    const files = { token: 'first-secret\n' };
    await using gateway = await startTestGateway(withToken('${file:./token}'), { files });
    const sent = async (): Promise<string | undefined> => {
      await callTool(gateway.url(), 'echo');
      return upstream.log.at(-1)!.headers.authorization as string;
    };
    upstream.behave(answer);
    expect(await sent()).toBe('Bearer first-secret');
    await gateway.writeBeside('token', 'second-secret\n');
    await expect.poll(sent, { timeout: 10_000 }).toBe('Bearer second-secret');
    const told = (await gateway.log()) + (await gateway.metrics());
    expect(told).not.toMatch(/first-secret|second-secret/);
  });

  it('[OPS-11/missing] that is not there keeps the gateway from starting, by its name alone', async () => {
    await expect(startTestGateway(withToken('${env:HUB_TOKEN}'))).rejects.toThrow(
      'upstreams.hub.credentials.token needs ${env:HUB_TOKEN}: the variable is not set',
    );
  });

  it('[OPS-03/weak-keys] that anybody could guess is refused at the start', async () => {
    const weak = configuration({ hub: upstream.url }, { sealing: { keys: ['${env:SEAL}'] } });
    const start = (key: string) => startTestGateway(weak, { env: { SEAL: key } });
    await expect(start('changeme')).rejects.toThrow('shorter than 32 bytes');
    await (await start('k'.repeat(32))).close();
  });
});
