import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { callTool } from '../../support/modern-client.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { recordStdio, type StdioRecord } from '../../support/stdio-record.ts';
import { told } from '../../support/tool-upstream.ts';
import { everythingOverStdio } from '../clients/official-servers.ts';

const SERVER = fileURLToPath(import.meta.resolve('../../support/stdio-tool-server.ts'));
const SECRET = 'of-the-gateway-alone';

let record: StdioRecord;
let gateway: TestGateway;
beforeAll(async () => {
  process.env.GATEWRIGHT_TEST_SECRET = SECRET;
  record = await recordStdio();
  gateway = await startTestGateway(
    configuration(
      {},
      {
        expose: [
          { upstream: 'bare', prefix: 'bare_' },
          { upstream: 'named', prefix: 'named_' },
          { upstream: 'everything' },
        ],
        upstreams: {
          bare: { type: 'stdio', ...SLOW_START, command: [process.execPath, SERVER, 'tell'] },
          named: {
            type: 'stdio',
            ...SLOW_START,
            command: [process.execPath, SERVER, 'tell'],
            env: { REGION: 'eu', TOKEN: '${env:CHILD_TOKEN}' },
          },
          everything: everythingOverStdio(record, { env: { REGION: 'eu' } }),
        },
      },
    ),
    { env: { CHILD_TOKEN: 'for the child', OTHER_TOKEN: SECRET } },
  );
});
afterAll(async () => {
  delete process.env.GATEWRIGHT_TEST_SECRET;
  await gateway.close();
  await record.close();
});

test('L3: a child sees the variables that its upstream names, and nothing else of the gateway', async () => {
  expect(told((await callTool(gateway.url(), 'bare_tell')).body.result).env).toEqual({});
  expect(told((await callTool(gateway.url(), 'named_tell')).body.result).env).toEqual({
    REGION: 'eu',
    TOKEN: 'for the child',
  });
});

test('not even a server whose purpose is to show its environment shows more', async () => {
  const { body } = await callTool(gateway.url(), 'get-env');
  expect(JSON.parse(body.result.content[0].text)).toEqual({ REGION: 'eu' });
  expect(JSON.stringify(body)).not.toContain(SECRET);
});
