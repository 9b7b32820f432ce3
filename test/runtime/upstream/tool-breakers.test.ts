import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { BreakerNode, HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import {
  answer,
  type Behaviour,
  type FastUpstream,
  hang,
  json,
  refuse,
  reset,
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { until } from './polling.ts';
import { callEcho, echo } from './recording-sink.ts';
import { httpNode, onceOpen, type TestContext, testContext } from './test-context.ts';

const BREAKER: BreakerNode = {
  consecutive: 3,
  windowMs: 10_000,
  minimumCalls: 20,
  openForMs: 200,
  per: 'tool',
};

let server: FastUpstream;
let context: TestContext;
const upstreams = new OpenedUpstreams();

const upstream = (breaker: Partial<BreakerNode>, changes: Partial<HttpUpstreamNode> = {}): Upstream => {
  const node = httpNode(server.url, { era: 'modern', breaker: { ...BREAKER, ...breaker }, ...changes });
  return upstreams.open(node, context);
};

const call = async (link: Link, tool: string): Promise<string | undefined> =>
  (await echo(link, { tool })).error?.code;

const times = async (count: number, work: () => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < count; at += 1) await work();
};

/** Answers with a result that says so, or with a JSON-RPC error. */
const says =
  (part: { readonly result?: unknown; readonly error?: unknown }): Behaviour =>
  ({ message, response }) =>
    json(response, { jsonrpc: '2.0', id: message.id, ...part });

beforeEach(async () => {
  server = await startFastUpstream();
  context = testContext();
});

afterEach(async () => {
  await upstreams.close();
  await server.close();
});

describe('breakers of tools', () => {
  test('[RATE-03/tools] refuse the tool that fails and no other, and let it be tried again', async () => {
    const made = upstream({});
    const link = await made.modern();
    server.behave(refuse(503));
    await times(3, () => call(link, 'slow'));
    expect(await call(link, 'slow')).toBe('breaker_open');
    expect(made.state()).toMatchObject({ breaker: 'closed', openTools: ['slow'] });
    server.behave(answer);
    expect(await call(link, 'quick')).toBeUndefined();
    expect(server.calls).toBe(4);
    await until(async () => (await call(link, 'slow')) === undefined);
    expect(made.state().openTools).toEqual([]);
    expect(context.observed).toEqual([
      'breaker of slow open',
      'breaker of slow half-open',
      'breaker of slow closed',
    ]);
  });

  test('count timeouts for the tool', async () => {
    const { made, link } = await onceOpen({ firstByteMs: 50, callMs: 50 }, async (timeouts) => {
      const opened = upstream({ consecutive: 1 }, { timeouts });
      return { made: opened, link: await opened.modern() };
    });
    server.behave(hang);
    expect(await call(link, 'slow')).toBe('upstream_timeout');
    expect(made.state()).toMatchObject({ breaker: 'closed', openTools: ['slow'] });
  });

  test('leave broken connections to the breaker of the upstream, which refuses every tool', async () => {
    const made = upstream({});
    const link = await made.modern();
    server.behave(reset);
    for (const tool of ['one', 'two', 'three']) expect(await call(link, tool)).toBe('upstream_unavailable');
    expect(await call(link, 'four')).toBe('breaker_open');
    expect(made.state()).toMatchObject({ breaker: 'open', openTools: [] });
  });

  test('are bounded in number: tools beyond are guarded by the breaker of the upstream', async () => {
    const made = upstream({ consecutive: 1 });
    const link = await made.modern();
    for (let at = 0; at < 1024; at += 1) callEcho(link, { tool: `tool-${at}` }).cancel('enough');
    server.behave(refuse(503));
    await call(link, 'one-more');
    expect(made.state()).toMatchObject({ breaker: 'open', openTools: [] });
  });
});

describe('declared failures', () => {
  const failWhen = "result.isError && result.content.exists(part, part.text.contains('overloaded'))";
  const overloaded = { isError: true, content: [{ type: 'text', text: 'the backend is overloaded' }] };

  test('[RATE-03/answers] of tools open the breaker', async () => {
    const made = upstream({ failWhen });
    const link = await made.modern();
    server.behave(says({ result: overloaded }));
    await times(3, async () => expect(await call(link, 'search')).toBeUndefined());
    expect(await call(link, 'search')).toBe('breaker_open');
  });

  test('are those answers alone: other tool errors, answers without what is read, and results are none', async () => {
    const made = upstream({ failWhen, consecutive: 1 });
    const link = await made.modern();
    for (const part of [
      { result: { isError: true, content: [{ type: 'text', text: 'no such file' }] } },
      { result: { ...overloaded, isError: false } },
      { result: { isError: true, content: [{ type: 'image' }] } },
      { result: { content: 'overloaded' } },
      { error: { code: -32603, message: 'overloaded' } },
    ]) {
      server.behave(says(part));
      await call(link, 'search');
    }
    expect(made.state().openTools).toEqual([]);
  });

  test('may be JSON-RPC errors, and count for the upstream where tools have no breakers', async () => {
    const made = upstreams.open(
      httpNode(server.url, {
        era: 'modern',
        breaker: {
          consecutive: 2,
          windowMs: 1000,
          minimumCalls: 1,
          openForMs: 1000,
          failWhen: 'error.code == -32603',
        },
      }),
      context,
    );
    const link = await made.modern();
    server.behave(says({ error: { code: -32602, message: 'no' } }));
    await times(3, () => call(link, 'search'));
    expect(made.state()).toMatchObject({ breaker: 'closed' });
    server.behave(says({ error: { code: -32603, message: 'no' } }));
    await times(2, () => call(link, 'search'));
    expect(made.state()).toMatchObject({ breaker: 'open' });
  });
});
