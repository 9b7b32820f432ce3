import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { makeCertificate } from '../support/certificate.ts';
import { CliProcess } from '../support/cli-process.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { makeSigningKey, mint, type SigningKey } from '../support/issuer.ts';
import { lockOf } from '../support/lock-of.ts';
import { callTool, modernRequest, toolNames } from '../support/modern-client.ts';
import { type OfferingUpstream, startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';
import { WAYS_TO_SAVE, WAYS_TO_SAVE_A_FOLDER } from '../support/ways-to-save.ts';

const ISSUER = 'https://id.test.example';
/** Versions of a file are a few that come round again: enough that no two that follow each other are alike. */
const VERSIONS = 4;

let tracker: FastUpstream;
let offering: OfferingUpstream;
let signing: SigningKey[];
let folder: string;
let cli: CliProcess;
let saves = 0;

const keys = Array.from({ length: VERSIONS }, (_, version) => makeApiKey(`k${version}`));
const certificates = Array.from({ length: VERSIONS }, (_, version) => makeCertificate(`v${version}`));

const main = (version: number): string => `version: 1
include: [./inc/*.yaml]
listeners:
  local: { bind: 127.0.0.1:0 }
  secure: { bind: 127.0.0.1:0, tls: { certificate: "\${file:./tls/both.pem}", key: "\${file:./tls/both.pem}" } }
  ops: { bind: 127.0.0.1:0, serve: [status, metrics, reload] }
identity:
  robots: { type: api-key, keysFile: ./keys/keys.yaml }
  staff: { type: jwt, issuer: ${ISSUER}, jwksFile: ./jwks/jwks.json }
servers:
  plain: { at: [{ listener: local, path: /plain }, { listener: secure, path: /plain }], anonymous: true, expose: [{ upstream: tracker, prefix: v${version}_ }] }
  laid: { at: [{ listener: local, path: /laid }], anonymous: true, expose: [{ upstream: tracker, prefix: base_ }] }
  keyed: { at: [{ listener: local, path: /keyed }], identity: [robots], expose: [{ upstream: tracker }] }
  signed: { at: [{ listener: local, path: /signed }], identity: [staff], expose: [{ upstream: tracker }] }
  api: { at: [{ listener: local, path: /api }], anonymous: true, expose: [{ upstream: api }] }
  pinned: { at: [{ listener: local, path: /pinned }], anonymous: true, expose: [{ upstream: offering }] }
upstreams:
  tracker: { type: http, endpoints: ["${tracker.url}"], credentials: { type: bearer, token: "\${file:./token/token}" } }
  offering: { type: http, endpoints: ["${offering.url}"], trust: { tools: pinned } }
  api: { type: openapi, spec: ./spec/api.json, baseUrl: "http://127.0.0.1:9", egress: { allow: [127.0.0.0/8] } }
`;

const url = async (server: string): Promise<string> =>
  (await cli.seen(new RegExp(`${server} +(https?://\\S+)`)))[1]!;

const firstTool = async (server: string): Promise<string | undefined> =>
  (await toolNames(await url(server)))[0];

const statusWith = async (server: string, token: string): Promise<number> =>
  (await modernRequest(await url(server), 'tools/list', {}, { token })).status;

const commonName = async (): Promise<string> => {
  const [, port] = await cli.seen(/plain +https:\/\/127\.0\.0\.1:(\d+)/);
  const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.once('secureConnect', () => resolve(String(socket.getPeerCertificate().subject.CN)));
  socket.once('error', reject);
  return await promise.finally(() => socket.destroy());
};

/** Something that the compile, or what comes after it, reads. */
interface Read {
  readonly file: string;
  readonly text: (version: number) => string;
  /** Whether this version serves, by what a client meets. */
  readonly isServed: (version: number) => Promise<boolean>;
}

const READS: Readonly<Record<string, Read>> = {
  'gateway.yaml': {
    file: 'gateway.yaml',
    text: main,
    isServed: async (version) => (await firstTool('plain')) === `v${version}_get_issue`,
  },
  'an overlay': {
    file: 'over/prod.yaml',
    text: (version) => `servers: { laid: { expose: [{ upstream: tracker, prefix: v${version}_ }] } }\n`,
    isServed: async (version) => (await firstTool('laid')) === `v${version}_get_issue`,
  },
  'an included file': {
    file: 'inc/more.yaml',
    text: (version) =>
      `servers: { more: { at: [{ listener: local, path: /more }], anonymous: true, expose: [{ upstream: tracker, prefix: v${version}_ }] } }\n`,
    isServed: async (version) => (await firstTool('more')) === `v${version}_get_issue`,
  },
  'keys.yaml': {
    file: 'keys/keys.yaml',
    text: (version) =>
      JSON.stringify({ keys: [{ id: `k${version}`, hash: keys[version]!.hash, servers: ['keyed'] }] }),
    isServed: async (version) => (await statusWith('keyed', keys[version]!.key)) === 200,
  },
  'a file of signing keys': {
    file: 'jwks/jwks.json',
    text: (version) => JSON.stringify({ keys: [signing[version]!.publicJwk] }),
    isServed: async (version) => {
      const seconds = Math.floor(Date.now() / 1000);
      const claims = { iss: ISSUER, sub: 'a', aud: await url('signed'), iat: seconds, exp: seconds + 300 };
      return (await statusWith('signed', await mint(signing[version]!, claims))) === 200;
    },
  },
  'a certificate with its key': {
    file: 'tls/both.pem',
    text: (version) => certificates[version]!.certificate + certificates[version]!.key,
    isServed: async (version) => (await commonName()) === `v${version}`,
  },
  'an OpenAPI document': {
    file: 'spec/api.json',
    text: (version) =>
      JSON.stringify({
        openapi: '3.1.0',
        info: { title: 'Things', version: '1' },
        paths: { '/things': { get: { operationId: `v${version}`, responses: {} } } },
      }),
    isServed: async (version) => (await firstTool('api')) === `v${version}`,
  },
  'gateway.lock': {
    file: 'gateway.lock',
    text: (version) => lockOf({ offering: { tools: toolsNamed(`v${version}`) } }),
    isServed: async (version) => (await firstTool('pinned')) === `v${version}`,
  },
  'a value of its own': {
    file: 'token/token',
    text: (version) => `v${version}`,
    isServed: async (version) => {
      const { body } = await callTool(await url('laid'), (await firstTool('laid'))!);
      return told(body.result).headers.authorization === `Bearer v${version}`;
    },
  },
};

const expectServed = async (name: string, version: number): Promise<void> => {
  const isServed = () => READS[name]!.isServed(version).catch(() => false);
  await expect.poll(isServed, { timeout: 15_000, interval: 10, message: `${name} v${version}` }).toBe(true);
};

beforeAll(async () => {
  tracker = await startToolUpstream('tracker', ['get_issue']);
  const names = Array.from({ length: VERSIONS }, (_, version) => `v${version}`);
  offering = await startOfferingUpstream('offering', { tools: toolsNamed(...names), ttlMs: 0 });
  signing = await Promise.all(names.map((name) => makeSigningKey('ES256', name)));
  folder = await mkdtemp(join(tmpdir(), 'gatewright-watched-'));
  for (const { file, text } of Object.values(READS)) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), text(0));
  }
  cli = new CliProcess(['run', '--overlay', 'over/prod.yaml'], { cwd: folder });
  await url('plain');
});
afterAll(async () => {
  await cli.close();
  await tracker.close();
  await offering[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const opsMetrics = async () => scrape((await cli.seen(/\(operations\) +(http\S+)/))[1]!);

const attempts = async (): Promise<number> => {
  const series = [...(await opsMetrics())].filter(([name]) =>
    name.startsWith('gatewright_config_reloads_total'),
  );
  return series.reduce((sum, [, count]) => sum + count, 0);
};

describe.each(Object.keys(READS))('what is read: %s', (name) => {
  const { file, text } = READS[name]!;
  const ways = file.includes('/') ? [...WAYS_TO_SAVE, ...WAYS_TO_SAVE_A_FOLDER] : WAYS_TO_SAVE;

  it.each(ways)('is served when it is saved %s', async (_way, save) => {
    const before = await attempts();
    saves += 1;
    const version = saves % VERSIONS;
    await save(join(folder, file), text(version), saves);
    await expectServed(name, version);
    // However many times the file was written for it.
    expect((await attempts()) - before).toBeLessThanOrEqual(8);
  });
});

describe('a folder that a glob names', () => {
  it('is served with files that come and without those that go', async () => {
    const more = join(folder, 'inc/another.yaml');
    const another = (await url('plain')).replace('/plain', '/another');
    await writeFile(more, READS['an included file']!.text(1).replaceAll('more', 'another'));
    const code = async () => (await modernRequest(another, 'tools/list', {}, { valid: false })).status;
    await expect.poll(code, { timeout: 15_000, interval: 10 }).toBe(200);
    await unlink(more);
    await expect.poll(code, { timeout: 15_000, interval: 10 }).toBe(404);
  });
});
