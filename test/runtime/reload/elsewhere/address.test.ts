import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../runtime/reload/elsewhere/address.ts';

describe('the address of a configuration', () => {
  it.each(['gateway.yaml', './git:a:b', '/srv/oci:latest/gateway.yaml', 'https.yaml'])(
    'is none where a file is named: %s',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('has its signature beside it', () => {
    expect(parseAddress('https://example.com/a/b.json')).toEqual({
      kind: 'http',
      url: 'https://example.com/a/b.json',
      signatureUrl: 'https://example.com/a/b.json.sig',
    });
  });

  it.each([
    ['oci:./layout', { kind: 'oci', folder: './layout', tag: undefined }],
    ['oci:/srv/layout:v1.2', { kind: 'oci', folder: '/srv/layout', tag: 'v1.2' }],
    ['git:/srv/c:deploy/g.yaml', { kind: 'git', folder: '/srv/c', reference: 'HEAD', path: 'deploy/g.yaml' }],
    ['git:.:main:g.yaml', { kind: 'git', folder: '.', reference: 'main', path: 'g.yaml' }],
  ])('names a folder: %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    'http://example.com/a.json',
    'http://127.0.0.1.example.com/a.json',
    'HTTP://10.0.0.1/a.json',
    'https://user:secret@example.com/a.json',
    'https://example.com/a.json?v=1',
    'https://example.com/a.json#x',
    'https:',
    'oci:',
    'oci:a:',
    'oci:a:b:c',
    'git:a',
    'git:a:',
    'git::main:a',
    'git:a:b:c:d',
  ])('is refused, and a password in it not repeated: %s', (text) => {
    const problem = parseAddress(text);
    expect(typeof problem).toBe('string');
    expect(problem).not.toContain('secret');
  });
});
