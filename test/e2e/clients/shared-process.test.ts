import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { recordStdio, type StdioRecord } from '../../support/stdio-record.ts';
import { openModern } from './peers.ts';
import { openV1 } from './v1-peer.ts';

const FIXTURE = fileURLToPath(import.meta.resolve('../../support/everything/main.ts'));
const WATCHED = 'test://watched-resource';
const UPDATED = 'notifications/resources/updated';

let record: StdioRecord;
let gateway: TestGateway;

beforeAll(async () => {
  record = await recordStdio();
  const command = record.command(process.execPath, FIXTURE, '--stdio');
  gateway = await startTestGateway(
    configuration(
      {},
      {
        expose: [{ upstream: 'shared' }],
        upstreams: { shared: { type: 'stdio', ...SLOW_START, command } },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await record.close();
});

describe('sessions that share a process', () => {
  it('are told of updates until they themselves do not want it any more', async () => {
    await using one = await openV1(gateway.url());
    await using other = await openV1(gateway.url());
    await one.subscribe(WATCHED);
    await other.subscribe(WATCHED);
    await one.call('test_trigger_resource_update', { uri: WATCHED });
    await one.hears(UPDATED);
    await other.hears(UPDATED);
    await one.unsubscribe(WATCHED);
    await one.call('test_trigger_resource_update', { uri: WATCHED });
    await other.hears(UPDATED, 2);
    expect(one.heard).toHaveLength(1);
    await other.unsubscribe(WATCHED);
    const last = record.read().messages.filter(({ message }) => message.method === 'resources/unsubscribe');
    expect(last).toHaveLength(1);
  });

  it('are all told of changed lists', async () => {
    await using one = await openV1(gateway.url());
    await using other = await openV1(gateway.url());
    await one.call('test_trigger_tool_change');
    await one.hears('notifications/tools/list_changed');
    await other.hears('notifications/tools/list_changed');
  });

  it("hear nothing of each other's progress and log messages", async () => {
    await using one = await openV1(gateway.url());
    await using other = await openV1(gateway.url());
    await one.setLogLevel('debug');
    await other.setLogLevel('debug');
    const steps: number[] = [];
    await Promise.all([
      one.call('test_tool_with_progress', {}, { onProgress: (progress) => steps.push(progress) }),
      other.call('test_tool_with_logging'),
    ]);
    expect(steps).toEqual([0, 50, 100]);
    expect(one.heard).toEqual([]);
  });
});

describe('a modern client before a process that speaks its era', () => {
  it('is asked, and is told of changes, while a session uses the same upstream', async () => {
    await using session = await openV1(gateway.url());
    await using peer = await openModern(gateway.url(), { elicit: () => ({ name: 'Ada' }) });
    expect((await peer.call('test_input_required_result_elicitation')).text).toContain('Ada');
    await peer.watchLists();
    await peer.call('test_trigger_tool_change');
    await peer.hears('notifications/tools/list_changed');
    expect((await session.call('test_simple_text')).isError).toBe(false);
  });
});
