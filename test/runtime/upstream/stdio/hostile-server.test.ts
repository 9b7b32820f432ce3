import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../../runtime/upstream/link.ts';
import { createUpstream } from '../../../../runtime/upstream/upstream.ts';
import { isAlive, until } from '../polling.ts';
import { type RecordingSink, send } from '../recording-sink.ts';
import { OPENING, stdioNode, type TestContext, TIMEOUTS, testContext } from '../test-context.ts';

const SERVER = join(import.meta.dirname, '..', 'fixtures', 'hostile-server.ts');

/** So much is not written and read at once. */
const PATIENT = { ...TIMEOUTS, firstByteMs: 40_000, callMs: 40_000, callMaxMs: 40_000 };

let context: TestContext;
let upstream: Upstream;
let link: Link;

beforeEach(async () => {
  context = testContext();
  upstream = createUpstream(stdioNode('node', [SERVER], { timeouts: PATIENT }), context);
  link = await upstream.legacy(OPENING);
});

afterEach(() => upstream.close());

const call = (name: string, options: { readonly maxBytes?: number } = {}): RecordingSink =>
  send(link, 'tools/call', { name }, options).sink;

const answerOf = async (name: string): Promise<string> => {
  const sink = call(name);
  await sink.ended;
  return sink.response?.text ?? `${sink.error?.code}`;
};

describe('a server that answers in ways of its own', () => {
  test.each(['strangers', 'twice', 'empty-lines', 'flood'])(
    'has its calls answered right, each by the response with its own id: %s',
    async (name) => {
      for (let round = 0; round < 3; round += 1) {
        const sinks = Array.from({ length: 10 }, () => call(name));
        await Promise.all(sinks.map(({ ended }) => ended));
        for (const { response, error } of sinks) {
          expect(error).toBeUndefined();
          expect(response?.text).not.toContain('wrong');
        }
        expect(await answerOf('plain')).toContain('right');
      }
      expect(upstream.state()).toMatchObject({ inFlight: 0 });
    },
  );

  test('answers no call before it is made', async () => {
    for (let round = 0; round < 10; round += 1) expect(await answerOf('ahead')).toContain('right');
  });

  test('has the id of its message told from those in results, wherever it is and however its name is written', async () => {
    expect(await answerOf('nested')).toContain('"content":[{"id":');
    expect(await answerOf('escaped')).toContain('\\u0069d');
  });

  test('may write each byte on its own, within characters and the id', async () => {
    expect(await answerOf('byte-by-byte')).toContain('"text":"grüße 🎉"}]}}');
  });

  test('is not believed where its line has no end', async () => {
    const sinks = [call('half-a-line'), call('plain'), call('plain')];
    await Promise.all(sinks.map(({ ended }) => ended));
    for (const { error } of sinks) expect(error).toMatchObject({ code: 'upstream_unavailable' });
  });

  test('lives on after a line of a hundred megabytes, and so do the calls beside it', async () => {
    const before = process.memoryUsage().rss;
    const large = call('hundred-megabytes', { maxBytes: 1024 * 1024 });
    const beside = [call('plain'), call('plain')];
    await Promise.all([large, ...beside].map(({ ended }) => ended));
    expect(large.error).toMatchObject({ code: 'result_too_large' });
    for (const { response } of beside) expect(response?.text).toContain('right');
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    expect(context.observed).not.toContain('process exited');
  });

  test('is ended and replaced once it takes no input, and calls of the write that fails end at once', async () => {
    const [pid = 0] = upstream.state().processes;
    expect(await answerOf('closes-input')).toContain('right');
    const startedMs = performance.now();
    // More than a pipe holds, in one turn.
    const sinks = Array.from({ length: 500 }, () =>
      send(link, 'tools/call', { name: 'plain', padding: 'x'.repeat(1_000) }),
    );
    await Promise.all(sinks.map(({ sink }) => sink.ended));
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    for (const { sink } of sinks) expect(sink.error).toMatchObject({ code: 'upstream_unavailable' });
    await until(() => !isAlive(pid));
    await until(async () => {
      const opened = await upstream.legacy(OPENING).catch(() => undefined);
      link = opened ?? link;
      return opened !== undefined;
    });
    expect(await answerOf('plain')).toContain('right');
    expect(upstream.state().processes).not.toContain(pid);
    expect(context.logged.map(({ message }) => message)).toContain(
      'upstream process has closed its input and is ended',
    );
  });
});
