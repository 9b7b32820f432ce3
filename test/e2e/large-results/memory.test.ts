/** A gateway in a process of its own, whose memory is read from outside while it passes on what no memory holds. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliProcess } from '../../support/cli-process.ts';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { answerLarge, digestOf, type Layout, largeResponse } from '../../support/large-upstream.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const MB = 1_000_000;
const [SMALL, LARGE] = [100 * MB, 1000 * MB];
/** What a large result may cost more than a small one, and in all. */
const [MAX_MORE, MAX_GROWTH] = [10 * MB, 64 * MB];
const SERVER = join(import.meta.dirname, 'upstreams', 'large-stdio.ts');
const TIMEOUT_MS = 180_000;

const layout = (bytes: number): Layout => ({ bytes, idLast: true, more: ',"resultType":"complete"' });

let folder: string;
let gateway: CliProcess;
let url: string;
const upstreams: FastUpstream[] = [];

const httpUpstream = async (name: string, kind: 'json' | 'stream'): Promise<object> => {
  const upstream = await startToolUpstream(name, [`${name}_fetch`], { eras: ['modern'] });
  upstream.behave(answerLarge(kind, ({ bytes }) => layout(Number(bytes))));
  upstreams.push(upstream);
  return { type: 'http', endpoints: [upstream.url] };
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-memory-'));
  const names = ['json', 'stream', 'stdio'];
  const servers = Object.fromEntries(
    names.map((name) => [
      name,
      { at: [{ listener: 'main', path: `/${name}` }], anonymous: true, expose: [{ upstream: name }] },
    ]),
  );
  const yaml = configuration(
    {},
    {
      ops: false,
      servers,
      upstreams: {
        json: await httpUpstream('json', 'json'),
        stream: await httpUpstream('stream', 'stream'),
        stdio: { type: 'stdio', ...SLOW_START, command: [process.execPath, SERVER] },
      },
    },
  );
  await writeFile(join(folder, 'gateway.yaml'), yaml);
  gateway = new CliProcess(['run'], { cwd: folder, env: { NODE_OPTIONS: '--max-semi-space-size=32' } });
  [, url] = (await gateway.seen(/(http:\/\/127\.0\.0\.1:\d+)\/json/)) as unknown as [string, string];
});
afterEach(async () => {
  await gateway.close();
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.close()));
  await rm(folder, { recursive: true });
});

/** In bytes. */
const memory = async (figure: 'VmRSS' | 'VmHWM'): Promise<number> => {
  const status = await readFile(`/proc/${gateway.child.pid}/status`, 'utf8');
  return Number(new RegExp(`${figure}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
};

/** The digest of the answer's body. */
const call = async (server: string, bytes: number): Promise<string> => {
  const params = { name: server === 'stdio' ? 'fetch' : `${server}_fetch`, arguments: layout(bytes) };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = modernHeaders('tools/call', params, {});
  const request = http.request(`${url}/${server}`, { method: 'POST', agent: false, headers });
  request.on('error', reject);
  request.on('response', (response) => {
    const hash = createHash('sha256');
    response.on('data', (chunk: Buffer) => hash.update(chunk)).on('error', reject);
    response.on('end', () => resolve(hash.digest('hex')));
  });
  request.end(modernBody('tools/call', params));
  return await promise;
};

const digests = new Map<string, string>();

/** The digest that the answer must have. */
const expected = (bytes: number, before: string, after: string): string => {
  const key = `${bytes}${before}`;
  const known = digests.get(key) ?? digestOf(largeResponse('1', layout(bytes)), before, after);
  digests.set(key, known);
  return known;
};

describe.runIf(process.platform === 'linux')('a result larger than any memory', () => {
  it.each([
    ['JSON', 'json', '', ''],
    ['a stream', 'stream', 'data: ', '\n\n'],
    ['stdio', 'stdio', '', ''],
  ])(
    'comes through %s as it was sent, and costs no more memory than a tenth of it',
    async (_name, server, before, after) => {
      /** How far memory grew above `baseBytes` while a result passed. */
      const growth = async (baseBytes: number, bytes: number): Promise<number> => {
        await writeFile(`/proc/${gateway.child.pid}/clear_refs`, '5');
        const digest = await call(server, bytes);
        const peakBytes = await memory('VmHWM');
        expect(digest).toBe(expected(bytes, before, after));
        return peakBytes - baseBytes;
      };
      for (let warm = 0; warm < 500; warm += 1) await call(server, 1000);
      const baseBytes = await memory('VmRSS');
      const small = await growth(baseBytes, SMALL);
      const large = await growth(baseBytes, LARGE);
      console.info(`${server}: ${SMALL / MB} MB cost ${small / MB} MB, ${LARGE / MB} MB ${large / MB} MB`);
      expect(large - small).toBeLessThanOrEqual(MAX_MORE);
      expect(large).toBeLessThanOrEqual(MAX_GROWTH);
    },
    TIMEOUT_MS,
  );
});
