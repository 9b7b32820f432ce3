import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotStarted } from '../../runtime/reload/not-started.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession, type SessionHeaders } from '../support/legacy-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const FIRST = 'first-key-0123456789-0123456789-0123456789';
const SECOND = 'second-key-0123456789-0123456789-0123456789';

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('one', ['a'], { eras: ['legacy'] });
});
afterAll(() => upstream.close());

const sealedBy = (...keys: readonly string[]): string =>
  configuration(
    { one: upstream.url },
    {
      telemetry: { log: { level: 'debug' } },
      ...(keys.length === 0 ? {} : { sealing: { keys: keys.map((key) => `\${file:${key}}`) } }),
    },
  );

const files = { 'seal-0': `${FIRST}\n`, 'seal-1': SECOND, short: 'too short' };

/** What the log says of the last session that was not found. */
const whyMissing = async (gateway: TestGateway, session: SessionHeaders): Promise<string> => {
  const answer = await legacyRequest(gateway.url(), 'tools/list', {}, session);
  expect(answer.status).toBe(404);
  const lines = (await gateway.log()).trim().split('\n');
  const told = lines.map((line) => JSON.parse(line)).filter(({ outcome }) => outcome === 'session_not_found');
  return String(told.at(-1)?.cause);
};

/** A session that has ended: only its id is left of it. */
const endedSession = async (gateway: TestGateway): Promise<SessionHeaders> => {
  const session = await openSession(gateway.url());
  await rawRequest(gateway.url(), { method: 'DELETE', headers: session });
  return session;
};

describe('the keys that seal', () => {
  it('change while the gateway serves, and open what the old ones sealed until they are taken out', async () => {
    await using gateway = await startTestGateway(sealedBy('seal-0'), { files });
    const [ended, live] = [await endedSession(gateway), await openSession(gateway.url())];
    expect(await whyMissing(gateway, ended)).toMatch(/^ended/);

    expect((await gateway.load(sealedBy('seal-1', 'seal-0'))).result).toBe('applied');
    expect(await whyMissing(gateway, ended)).toMatch(/^ended/);
    const newer = await endedSession(gateway);

    expect((await gateway.load(sealedBy('seal-1'))).result).toBe('applied');
    expect(await whyMissing(gateway, ended)).toMatch(/^not an id/);
    expect(await whyMissing(gateway, newer)).toMatch(/^ended/);
    expect((await legacyRequest(gateway.url(), 'tools/list', {}, live)).status).toBe(200);
  });

  it('are shared by processes, which know whose a session is', async () => {
    await using one = await startTestGateway(sealedBy('seal-0'), { files });
    await using other = await startTestGateway(sealedBy('seal-0'), { files });
    await using stranger = await startTestGateway(sealedBy());
    const session = await openSession(one.url());
    expect(await whyMissing(other, session)).toMatch(/^held by process [A-Za-z0-9_-]{16}\.0$/);
    expect(await whyMissing(stranger, session)).toMatch(/^not an id/);
  });

  it('are those of the process where none is given, and stay so when some are', async () => {
    await using gateway = await startTestGateway(sealedBy(), { files });
    const ended = await endedSession(gateway);
    expect((await gateway.load(sealedBy('seal-0'))).result).toBe('applied');
    expect(await whyMissing(gateway, ended)).toMatch(/^ended/);
  });

  it('are refused with what else changed if one is too short or missing, and the old ones serve on', async () => {
    await using gateway = await startTestGateway(sealedBy('seal-0'), { files });
    const ended = await endedSession(gateway);
    const short = await gateway.load(sealedBy('short', 'seal-0'));
    expect(short).toMatchObject({
      result: 'rejected',
      unresolved: [{ field: 'sealing.keys', reason: 'the value is shorter than 32 bytes' }],
    });
    expect(JSON.stringify(short)).not.toContain('too short');
    expect((await gateway.load(sealedBy('seal-0', 'nowhere'))).result).toBe('rejected');
    expect(await whyMissing(gateway, ended)).toMatch(/^ended/);
  });

  it('must be long enough for a start', async () => {
    const started = startTestGateway(sealedBy('short'), { files });
    await expect(started).rejects.toBeInstanceOf(NotStarted);
  });
});
