import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EraVerdicts } from '../../../runtime/upstream/era.ts';
import type { Upstream } from '../../../runtime/upstream/link.ts';
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import {
  type Behaviour,
  type FastUpstream,
  type FastUpstreamOptions,
  hang,
  json,
  refuse,
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { echo } from './recording-sink.ts';
import { httpNode, OPENING, rejection, TIMEOUTS, testContext } from './test-context.ts';

const servers: FastUpstream[] = [];
const upstreams = new OpenedUpstreams();

const serve = async (options: FastUpstreamOptions = {}): Promise<FastUpstream> => {
  const server = await startFastUpstream(options);
  servers.push(server);
  return server;
};

const upstream = (server: FastUpstream, changes: Partial<HttpUpstreamNode> = {}): Upstream =>
  upstreams.open(httpNode(server.url, changes), testContext());

const methods = (server: FastUpstream): unknown[] => server.log.map(({ message }) => message.method);

const modernError =
  (supported: readonly string[]): Behaviour =>
  ({ message, response }) =>
    json(
      response,
      {
        jsonrpc: '2.0',
        id: message.id,
        error: { code: -32022, message: 'Unsupported', data: { supported } },
      },
      400,
    );

afterEach(async () => {
  await upstreams.close();
  await Promise.all(servers.splice(0).map((each) => each.close()));
});

describe('the era of an upstream that speaks both', () => {
  test("is the client's, found once and at hand from then on", async () => {
    const server = await serve();
    const made = upstream(server);
    expect(made.eraAtHand('modern')).toBeUndefined();
    expect(await made.eraFor('modern')).toBe('modern');
    expect(await made.eraFor('legacy')).toBe('legacy');
    expect(made.eraAtHand('modern')).toBe('modern');
    expect(made.eraAtHand('legacy')).toBe('legacy');
    await made.eraFor('modern');
    await made.eraFor('legacy');
    expect(methods(server)).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
    expect(server.sessions.size).toBe(0);
  });

  test('many that ask at once ask once', async () => {
    const server = await serve();
    const made = upstream(server);
    await Promise.all(Array.from({ length: 20 }, () => made.modern()));
    expect(methods(server)).toEqual(['server/discover']);
  });
});

describe('the era of an upstream that speaks one', () => {
  test('legacy: whatever else it answers to discovery', async () => {
    for (const status of [400, 404, 405, 415, 200]) {
      const server = await serve({ eras: ['legacy'] });
      server.on('server/discover', ({ message, response }) =>
        status === 200
          ? json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32000, message: 'no' } })
          : response.writeHead(status).end(),
      );
      const made = upstream(server);
      expect(await made.eraFor('modern'), String(status)).toBe('legacy');
      expect(made.eraAtHand('modern')).toBe('legacy');
      expect(await rejection(made.modern())).toMatchObject({ code: 'upstream_protocol' });
      const link = await made.legacy(OPENING);
      expect((await echo(link)).response).toBeDefined();
    }
  });

  test('modern: for a legacy client too, however initialize is refused', async () => {
    const refusals: Behaviour[] = [
      modernError(['2026-07-28']),
      ({ response }) => response.writeHead(404).end(),
      ({ message, response }) =>
        json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no' } }, 404),
    ];
    for (const behaviour of refusals) {
      const server = await serve();
      server.on('initialize', behaviour);
      const made = upstream(server);
      expect(await made.eraFor('legacy')).toBe('modern');
      expect((await echo(await made.modern())).response).toBeDefined();
    }
  });

  test('a version error that names the version we asked for is asked again once', async () => {
    const server = await serve();
    let asked = 0;
    server.on('server/discover', (received) => {
      asked += 1;
      const { message, response } = received;
      const result = { supportedVersions: ['2026-07-28'], capabilities: {}, resultType: 'complete' };
      if (asked === 1) modernError(['2026-07-28'])(received);
      else json(response, { jsonrpc: '2.0', id: message.id, result });
    });
    expect(await upstream(server).eraFor('modern')).toBe('modern');
  });

  test('only newer revisions than ours are no era that we speak', async () => {
    const server = await serve();
    server.on('server/discover', modernError(['2027-03-01']));
    expect(await rejection(upstream(server, { era: 'modern' }).modern())).toMatchObject({
      code: 'upstream_protocol',
    });
  });

  test('neither: an error, for both', async () => {
    const server = await serve({ eras: [] });
    const made = upstream(server);
    server.on('initialize', refuse(404));
    expect(await rejection(made.eraFor('legacy'))).toMatchObject({ code: 'upstream_protocol' });
    expect(await rejection(made.legacy(OPENING))).toMatchObject({ code: 'upstream_protocol' });
  });

  test('a fixed era is never asked for', async () => {
    const server = await serve({ eras: ['legacy'] });
    expect(await upstream(server, { era: 'legacy' }).eraFor('modern')).toBe('legacy');
    expect(upstream(server, { era: 'modern' }).eraAtHand('legacy')).toBe('modern');
    expect(server.log).toEqual([]);
  });
});

describe('what is no evidence', () => {
  test.each([401, 403, 429, 500, 503])('status %i is an error and nothing is learnt', async (status) => {
    const server = await serve();
    server.on('server/discover', refuse(status, 1));
    server.on('initialize', refuse(status, 1));
    const made = upstream(server);
    expect(await rejection(made.eraFor('modern'))).toMatchObject({ code: 'upstream_unavailable' });
    expect(await rejection(made.eraFor('legacy'))).toMatchObject({ code: 'upstream_unavailable' });
    expect(made.eraAtHand('modern')).toBeUndefined();
    expect(made.eraAtHand('legacy')).toBeUndefined();
  });

  test.each([401, 403, 500])('status %i is none even where it carries a JSON-RPC error', async (status) => {
    const server = await serve();
    const error = { code: -32603, message: 'no' };
    const behaviour: Behaviour = ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, error }, status);
    server.on('server/discover', behaviour);
    server.on('initialize', behaviour);
    const made = upstream(server);
    expect(await rejection(made.eraFor('modern'))).toMatchObject({ code: 'upstream_unavailable' });
    expect(await rejection(made.eraFor('legacy'))).toMatchObject({ code: 'upstream_unavailable' });
  });

  test('silence is a timeout', async () => {
    const server = await serve();
    server.on('server/discover', hang);
    const timeouts = { ...TIMEOUTS, firstByteMs: 100, callMs: 100 };
    const made = upstream(server, { timeouts });
    expect(await rejection(made.eraFor('modern'))).toMatchObject({ code: 'upstream_timeout' });
    expect(made.eraAtHand('modern')).toBeUndefined();
  });

  test('an upstream that is down is unavailable', async () => {
    const server = await serve();
    const made = upstream(server);
    await servers.pop()?.close();
    expect(await rejection(made.eraFor('modern'))).toMatchObject({ code: 'upstream_unavailable' });
  });
});

describe('a contradiction', () => {
  test('a modern upstream replaced by a legacy one is noticed by its next answer', async () => {
    const server = await serve();
    const made = upstream(server);
    const link = await made.modern();
    const closed = new Promise((resolve) => {
      link.onClosed = resolve;
    });
    const { port } = server;
    await servers.pop()?.close();
    await serve({ eras: ['legacy'], port });
    expect((await echo(link)).error).toMatchObject({ code: 'upstream_protocol' });
    await closed;
    expect(link.closed).toBe(true);
    expect(made.modernAtHand()).toBeUndefined();
    expect(await made.eraFor('modern')).toBe('legacy');
  });
});

test("a refusal with a legacy server's own code contradicts the modern era too", async () => {
  const server = await serve();
  const made = upstream(server);
  const link = await made.modern();
  server.behave(({ response }) =>
    json(response, { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request' } }, 400),
  );
  expect((await echo(link)).error).toMatchObject({ code: 'upstream_protocol' });
  expect(link.closed).toBe(true);
});

describe('verdicts', () => {
  let nowMs = 0;
  let verdicts: EraVerdicts;

  beforeEach(() => {
    nowMs = 0;
    verdicts = new EraVerdicts(600_000, () => nowMs);
  });

  test('are due again after their time, and stand meanwhile', () => {
    verdicts.learn('modern', false);
    nowMs = 599_999;
    expect(verdicts.stale('modern')).toBe(false);
    nowMs = 600_000;
    expect(verdicts.stale('modern')).toBe(true);
    expect(verdicts.spoken('modern')).toBe(false);
    verdicts.postpone('modern');
    expect(verdicts.stale('modern')).toBe(false);
    nowMs += 30_000;
    expect(verdicts.stale('modern')).toBe(true);
  });

  test('tell which eras are spoken', () => {
    verdicts.learn('modern', false);
    verdicts.learn('legacy', true);
    expect(verdicts.eras()).toEqual(['legacy']);
    verdicts.forget('legacy');
    expect(verdicts.eras()).toEqual([]);
  });
});
