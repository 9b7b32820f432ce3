import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signArtifact } from '../../../../compiler/artifact/signature.ts';
import { readVerifyingKey, type VerifyingKey } from '../../../../compiler/artifact/signing-key.ts';
import { HttpSource } from '../../../../runtime/reload/elsewhere/http-source.ts';
import { privateKey, publicPem } from '../../../compiler/artifact/keys.ts';
import { ArtifactServer, type Behaviour } from '../../../support/artifact-server.ts';

const PATH = '/a.json';
const SIGNATURE_PATH = '/a.json.sig';
const TRUST = [readVerifyingKey(publicPem(privateKey(1))) as VerifyingKey];

/** Looks like an artifact, and is told apart by its version. */
const artifact = (version: string): string => `{"compilerVersion":"${version}"}\n`;
const signed = (text: string, key = 1): string => signArtifact(Buffer.from(text), privateKey(key));

let server: ArtifactServer;
let source: HttpSource;

const publish = (text: string, signature = signed(text)): void => {
  server.files.set(PATH, text).set(SIGNATURE_PATH, signature);
};

beforeEach(async () => {
  server = new ArtifactServer();
  await server.listen();
  const [url, signatureUrl] = [server.url(PATH), server.url(SIGNATURE_PATH)];
  source = new HttpSource({ kind: 'http', url, signatureUrl }, TRUST);
  publish(artifact('1'));
});

afterEach(async () => {
  await source.close();
  await server.close();
});

const fetch = (timeoutMs = 20_000) => source.fetch(AbortSignal.timeout(timeoutMs));
const textIn = (fetched: { read: (path: string) => Uint8Array | undefined }, path: string) =>
  Buffer.from(fetched.read(server.url(path)) ?? '').toString('utf8');

describe('an artifact on a web server', () => {
  it('comes with its signature, and is not sent again while it is the same', async () => {
    const first = await fetch();
    expect(textIn(first, PATH)).toBe(artifact('1'));
    expect(textIn(first, SIGNATURE_PATH)).toBe(signed(artifact('1')));
    expect(await fetch()).toBe(first);
    expect(server.answers).toEqual(['200 /a.json', '200 /a.json.sig', '304 /a.json', '304 /a.json.sig']);
    publish(artifact('2'));
    expect(textIn(await fetch(), PATH)).toBe(artifact('2'));
  });

  it('is fetched again, both parts, if they do not fit each other', async () => {
    await fetch();
    publish(artifact('2'));
    server.next.set(SIGNATURE_PATH, [signed(artifact('1'))]);
    const fetched = await fetch();
    expect(textIn(fetched, PATH)).toBe(artifact('2'));
    expect(textIn(fetched, SIGNATURE_PATH)).toBe(signed(artifact('2')));
  });

  it('is handed on with what is there if no signature ever fits, and taken up when it does', async () => {
    publish(artifact('2'), signed(artifact('1')));
    const unfit = await fetch();
    expect(textIn(unfit, SIGNATURE_PATH)).toBe(signed(artifact('1')));
    expect(server.answers.filter((answer) => answer === '200 /a.json').length).toBe(4);
    expect(await fetch()).toBe(unfit);
    publish(artifact('2'));
    expect(textIn(await fetch(), SIGNATURE_PATH)).toBe(signed(artifact('2')));
  });

  it('is fetched once if the key of its signature is not trusted: no other answer would help', async () => {
    publish(artifact('2'), signed(artifact('2'), 2));
    await fetch();
    expect(server.answers).toEqual(['200 /a.json', '200 /a.json.sig']);
  });

  it.each<[Behaviour, string]>([
    ['failing', 'answers 500'],
    ['moved', 'redirects are not followed'],
    ['endless', 'larger than 16777216 bytes'],
    ['encoded', 'encoded as gzip'],
    ['truncated', ''],
    ['hanging', ''],
  ])('is not taken from a server that is %s, and what was there is known on', async (behaviour, problem) => {
    const first = await fetch();
    const { revision } = first;
    publish(artifact('2'));
    server.behaviour = behaviour;
    await expect(fetch(behaviour === 'hanging' ? 300 : undefined)).rejects.toThrow(problem);
    server.behaviour = 'good';
    const next = await fetch();
    expect(next.revision).not.toBe(revision);
    expect(textIn(first, PATH)).toBe(artifact('1'));
  });

  it('is missed if nothing is at its address', async () => {
    server.files.clear();
    await expect(fetch()).rejects.toThrow('nothing at this address');
  });
});
