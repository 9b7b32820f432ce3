import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signArtifact } from '../../../compiler/artifact/signature.ts';
import { type VerifyingKey, verifyingKeyOf } from '../../../compiler/artifact/signing-key.ts';
import { compile } from '../../../compiler/compile.ts';
import { SIGNED_PREFIX } from '../../../schema/artifact-signature.ts';
import { canonicalJson } from '../../../schema/canonical-json.ts';
import { artifactOf } from './artifact-text.ts';
import { privateKey } from './keys.ts';

const KEY = privateKey(1);
const OTHER = privateKey(2);
const ARTIFACT = Buffer.from(artifactOf('everything'));
const SIGNATURE = signArtifact(ARTIFACT, KEY);

type Bytes = Uint8Array | string | undefined;

const read = (artifact: Bytes, signature: Bytes, trust: readonly VerifyingKey[] = [verifyingKeyOf(KEY)]) =>
  compile({
    main: 'a.json',
    trust,
    read: (path) => {
      const found = path === 'a.json' ? artifact : path === 'a.json.sig' ? signature : undefined;
      return typeof found === 'string' ? Buffer.from(found, 'latin1') : found;
    },
  });

const refusal = (...args: Parameters<typeof read>): string | undefined => {
  const { compiled, diagnostics } = read(...args);
  expect(compiled).toBeUndefined();
  expect(diagnostics).toHaveLength(1);
  return diagnostics[0]?.code;
};

const withMember = (changes: object): string =>
  `${canonicalJson({ ...JSON.parse(SIGNATURE), ...changes })}\n`;

const flipped = (bytes: Uint8Array, index: number, bit: number): Uint8Array => {
  const copy = Buffer.from(bytes);
  copy[index]! ^= 1 << bit;
  return copy;
};

describe('a signed artifact', () => {
  it('is read with the key that signed it, whichever of the trusted ones that is', () => {
    expect(read(ARTIFACT, SIGNATURE).compiled).toBeDefined();
    const trust = [verifyingKeyOf(OTHER), verifyingKeyOf(KEY)];
    expect(read(ARTIFACT, SIGNATURE, trust).compiled).toBeDefined();
  });

  it('names its signature among what is to be watched, there or not', () => {
    expect(read(ARTIFACT, SIGNATURE).sources.map(({ path }) => path)).toEqual(['a.json', 'a.json.sig']);
    expect(read(ARTIFACT, undefined).sources.map(({ path }) => path)).toEqual(['a.json', 'a.json.sig']);
  });

  it('is signed the same way each time', () => {
    expect(signArtifact(ARTIFACT, KEY)).toBe(SIGNATURE);
  });

  it('is refused without its signature, and where no key is trusted', () => {
    expect(refusal(ARTIFACT, undefined)).toBe('GW6010');
    expect(refusal(ARTIFACT, SIGNATURE, [])).toBe('GW6012');
  });

  it('is refused whichever of its bits is flipped', () => {
    const flip = fc.tuple(fc.nat(ARTIFACT.length - 1), fc.nat(7));
    fc.assert(
      fc.property(flip, ([index, bit]) => {
        expect(['GW6013', 'GW6014']).toContain(refusal(flipped(ARTIFACT, index, bit), SIGNATURE));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused whichever bit of its signature is flipped', () => {
    const bytes = Buffer.from(SIGNATURE);
    for (let index = 0; index < bytes.length; index += 1)
      for (let bit = 0; bit < 8; bit += 1)
        expect(['GW6011', 'GW6012', 'GW6013']).toContain(refusal(ARTIFACT, flipped(bytes, index, bit)));
  });

  it('is refused with anything before, behind or cut from either file', () => {
    const text = ARTIFACT.toString('latin1');
    for (const other of [`${text}\n`, ` ${text}`, text.trimEnd(), text.slice(0, -100), `\ufeff${text}`])
      expect(['GW6013', 'GW6014']).toContain(refusal(other, SIGNATURE));
    for (const other of [`${SIGNATURE}\n`, ` ${SIGNATURE}`, SIGNATURE.trimEnd(), SIGNATURE.slice(0, 50)])
      expect(refusal(ARTIFACT, other)).toBe('GW6011');
  });

  it.each([
    ['empty', ''],
    ['blank', '\n'],
    ['huge', 'A'.repeat(5_000_000)],
    ['no object', '[]\n'],
    ['null', 'null\n'],
    ['binary', '\u0000\u0001\u00ff'],
    ['deep', '['.repeat(4000)],
  ])('is refused with a signature that is %s', (_, signature) => {
    expect(refusal(ARTIFACT, signature)).toBe('GW6011');
  });

  it.each([
    [{ algorithm: 'HS256' }],
    [{ algorithm: 'none' }],
    [{ algorithm: 'RS256' }],
    [{ formatVersion: 2 }],
    [{ formatVersion: '1' }],
    [{ signature: '' }],
    [{ signature: null }],
    [{ signature: 'A'.repeat(88) }],
    [{ keyId: '' }],
    [{ keyId: ['x'] }],
    [{ extra: 1 }],
  ])('is refused with a signature that says %j', (changes) => {
    expect(refusal(ARTIFACT, withMember(changes))).toBe('GW6011');
  });

  it('is refused with the signature of another artifact', () => {
    expect(refusal(ARTIFACT, signArtifact(Buffer.from(artifactOf('smallest')), KEY))).toBe('GW6013');
    expect(refusal(artifactOf('smallest'), SIGNATURE)).toBe('GW6013');
  });

  it('is refused with the signature of another key, whatever key that says it is of', () => {
    const foreign = signArtifact(ARTIFACT, OTHER);
    expect(refusal(ARTIFACT, foreign)).toBe('GW6012');
    const { signature } = JSON.parse(foreign) as { signature: string };
    expect(refusal(ARTIFACT, withMember({ signature }))).toBe('GW6013');
  });

  it('is refused with what a public key can make, taken for a secret', () => {
    const der = verifyingKeyOf(KEY).key.export({ type: 'spki', format: 'der' });
    const mac = createHmac('sha512', der).update(SIGNED_PREFIX).update(ARTIFACT).digest('base64');
    expect(refusal(ARTIFACT, withMember({ signature: mac }))).toBe('GW6013');
  });

  it('is refused with a signature that the key made for another purpose', () => {
    const bare = sign(null, ARTIFACT, KEY).toString('base64');
    expect(refusal(ARTIFACT, withMember({ signature: bare }))).toBe('GW6013');
  });

  it('is refused with a signature by a key of another kind', () => {
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const made = sign('sha256', ARTIFACT, rsa).toString('base64');
    expect(refusal(ARTIFACT, withMember({ signature: made }))).toBe('GW6011');
    expect(refusal(ARTIFACT, SIGNATURE, [verifyingKeyOf(rsa)])).toBe('GW6012');
  });
});

describe('a configuration where a signature is required', () => {
  it.each(['version: 1\n', '{"version": 1}', '', '{"artifact": {"graph": {}}}', '# {"graph":{}}\n'])(
    'is refused: %j',
    (text) => {
      expect(refusal(text, signArtifact(Buffer.from(text), KEY))).toBe('GW6014');
    },
  );
});
