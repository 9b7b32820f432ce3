import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, json } from '../support/fast-upstream.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 60_000 });

const SESSIONS = 16;
/** Requests that each session has under way at any time. */
const STREAMS = 8;
const PARAMS = { name: 'get_issue', arguments: {} };

let upstream: FastUpstream;
/** Ids of the calls that were executed. */
let executed: string[];
beforeEach(async () => {
  executed = [];
  upstream = await startToolUpstream('tracker', ['get_issue']);
  upstream.behave(({ message, request, response }) => {
    executed.push(String(request.headers['x-correlation-id']));
    const result = { content: [], resultType: 'complete' };
    setTimeout(() => json(response, { jsonrpc: '2.0', id: message.id, result }), Math.random() * 5);
  });
});
afterEach(() => upstream.close());

/** `refused`: its client is told that nothing came of it, so that it can safely be sent anew. */
type Outcome = 'answered' | 'refused' | `failed: ${string}`;

/** Makes one call; `id` is told to the upstream. */
const call = (session: ClientHttp2Session, id: string): Promise<Outcome> =>
  new Promise((resolve) => {
    let status = 0;
    let text = '';
    const stream = session.request({
      ':method': 'POST',
      ':path': '/mcp',
      ...modernHeaders('tools/call', PARAMS, {}),
      'x-correlation-id': id,
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('error', () => undefined);
    stream.on('close', () => {
      const { rstCode } = stream;
      if (status === 200 && rstCode === 0 && text.includes('"result"')) resolve('answered');
      else if (status === 0 && rstCode === constants.NGHTTP2_REFUSED_STREAM) resolve('refused');
      else if (status === 503 && text.includes('"shutting_down"')) resolve('refused');
      else resolve(`failed: ${status} ${rstCode} ${text}`);
    });
    stream.end(modernBody('tools/call', PARAMS));
  });

/** Calls over one session, many at a time, until that takes no more. Tells how each ended. */
const load = async (origin: string, name: string, tell: (id: string, outcome: Outcome) => void) => {
  const session = connect(origin, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  let count = 0;
  const one = async (): Promise<void> => {
    while (!session.closed && !session.destroyed) {
      count += 1;
      const id = `${name}-${count}`;
      tell(id, await call(session, id));
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, one));
  session.destroy();
};

const yamlOf = (listener: string): string => {
  const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };
  const yaml = JSON.parse(
    configuration(
      { tracker: upstream.url },
      {
        listener: { tls, http: ['h2'] },
        upstream: { headers: { forward: ['x-correlation-id'] } },
        reload: { watch: false, drain: { window: '500ms', deadline: '10s' } },
        shutdown: { window: '500ms', deadline: '10s' },
        telemetry: { log: { access: false } },
      },
    ),
  );
  yaml.listeners = { [listener]: yaml.listeners.main, ops: yaml.listeners.ops };
  yaml.servers.main.at[0].listener = listener;
  return JSON.stringify(yaml);
};

const ENDS: readonly (readonly [string, (gateway: StartedGateway) => Promise<unknown>])[] = [
  [
    'SIGTERM',
    async ({ cli }) => {
      cli.child.kill('SIGTERM');
      expect(await cli.exited()).toBe(0);
    },
  ],
  ['a reload that takes the listener away', (gateway) => gateway.load(yamlOf('other'))],
];

describe.each(ENDS)('over HTTP/2, under load, at %s', (_, end) => {
  it('each request is answered, or refused before anything came of it', async () => {
    const { certificate, key } = makeCertificate('localhost');
    const files = { 'tls.crt': certificate, 'tls.key': key };
    await using gateway = await StartedGateway.start(yamlOf('main'), { files });
    const outcomes = new Map<string, Outcome>();
    const tell = (id: string, outcome: Outcome): void => void outcomes.set(id, outcome);
    const { origin } = new URL(gateway.url);
    const loading = Promise.all(
      Array.from({ length: SESSIONS }, (_each, at) => load(origin, `s${at}`, tell)),
    );
    await expect.poll(() => outcomes.size, { timeout: 20_000 }).toBeGreaterThan(1000);
    await end(gateway);
    await loading;
    const of = (kind: string) => [...outcomes].filter(([, outcome]) => outcome.startsWith(kind));
    expect(of('failed')).toEqual([]);
    // Those that were on their way when the session ended, not all of a window.
    expect(of('refused').length).toBeLessThanOrEqual(2 * SESSIONS * STREAMS);
    const ran = new Set(executed);
    expect(of('refused').filter(([id]) => ran.has(id))).toEqual([]);
    expect(of('answered').filter(([id]) => !ran.has(id))).toEqual([]);
    expect(executed).toHaveLength(of('answered').length);
  });
});
