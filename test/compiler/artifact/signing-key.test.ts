import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readSigningKey, readVerifyingKey } from '../../../compiler/artifact/signing-key.ts';
import { privateKey, privatePem, publicPem } from './keys.ts';

const ED25519 = privateKey(1);
const PEM = { type: 'pkcs8', format: 'pem' } as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed448 = generateKeyPairSync('ed448');
const encrypted = ED25519.export({ ...PEM, cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
const legacyEncrypted = rsa.privateKey
  .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const damaged = privatePem(ED25519).replace(/MC4C/, 'MC4D');

const problemOf = (key: object): unknown => ('problem' in key ? key.problem : undefined);

describe('the key that signs', () => {
  it('is an Ed25519 key in PKCS #8', () => {
    expect(problemOf(readSigningKey(privatePem(ED25519)))).toBeUndefined();
  });

  it.each([
    ['a public key', publicPem(ED25519), /signing needs the private one/],
    ['an encrypted key', encrypted, /encrypted key; decrypt it first/],
    ['an encrypted key of old', legacyEncrypted, /encrypted key; decrypt it first/],
    ['an RSA key', rsa.privateKey.export(PEM).toString(), /of type rsa; Ed25519 is due/],
    [
      'an RSA key of old',
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      /`RSA PRIVATE KEY`/,
    ],
    ['an EC key', ec.privateKey.export(PEM).toString(), /of type ec; Ed25519 is due/],
    [
      'an EC key of old',
      ec.privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
      /`EC PRIVATE KEY`/,
    ],
    ['an Ed448 key', ed448.privateKey.export(PEM).toString(), /of type ed448/],
    ['a certificate', CERTIFICATE, /holds a certificate/],
    ['a secret', 'c2VjcmV0', /no key in PEM format/],
    ['nothing', '', /no key in PEM format/],
    ['two keys', privatePem(ED25519).repeat(2), /2 PEM blocks/],
    ['a damaged key', damaged, /damaged/],
    ['an OpenSSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n', /`OPENSSH PRIVATE KEY`/],
  ])('is not %s', (_, pem, problem) => {
    expect(problemOf(readSigningKey(pem))).toMatch(problem);
  });
});

describe('a key that verifies', () => {
  it('is an Ed25519 public key and has the id of its bytes', () => {
    const key = readVerifyingKey(publicPem(ED25519));
    expect('id' in key && key.id).toMatch(/^[0-9a-f]{64}$/);
    const other = readVerifyingKey(publicPem(privateKey(2)));
    expect('id' in other && other.id).not.toBe('id' in key && key.id);
  });

  it.each([
    ['the private key', privatePem(ED25519), /keep it secret and give the public one/],
    ['an RSA key', rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(), /of type rsa/],
    ['an EC key', ec.publicKey.export({ type: 'spki', format: 'pem' }).toString(), /of type ec/],
    ['a certificate', CERTIFICATE, /holds a certificate/],
    ['a secret', 'secret', /no key in PEM format/],
  ])('is not %s', (_, pem, problem) => {
    expect(problemOf(readVerifyingKey(pem))).toMatch(problem);
  });
});
