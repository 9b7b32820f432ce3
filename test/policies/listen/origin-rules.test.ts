import { describe, expect, it } from 'vitest';
import { compileOriginRules } from '../../../policies/listen/origin-rules.ts';

const rules = compileOriginRules(
  [
    'https://app.example',
    'https://other.example:8443',
    'http://localhost',
    'http://127.0.0.1:3000',
    'http://[::1]',
  ],
  ['x-frame-options', 'DENY'],
);
const admitted = (origins: readonly string[]) =>
  origins.filter((origin) => rules.replyHeaders(origin) !== undefined);

describe('compileOriginRules', () => {
  it('admits listed origins, and loopback ones without port on any port', () => {
    const origins = [
      'https://app.example',
      'HTTPS://App.Example',
      'https://other.example:8443',
      'http://localhost',
      'http://localhost:5173',
      'http://127.0.0.1:3000',
      'http://[::1]:9',
    ];
    expect(admitted(origins)).toEqual(origins);
  });

  it('refuses null, other ports, other schemes and what only looks listed', () => {
    expect(
      admitted([
        'null',
        '',
        'https://app.example:444',
        'http://app.example',
        'https://localhost',
        'http://127.0.0.1',
        'https://app.example.evil.example',
        'https://app.example@evil.example',
        'https://evil.example/https://app.example',
        'https://app.example https://evil.example',
        'https://app.example, https://evil.example',
        'https://app.example/',
        'http://localhost:5173:1',
        'http://localhost.evil.example',
        'file://',
        'chrome-extension://abcdef',
      ]),
    ).toEqual([]);
  });

  it('names the origin in the reply headers beside the listener headers, and no wildcard', () => {
    const headers = rules.replyHeaders('http://localhost:5173')!;
    expect(headers.slice(0, 4)).toEqual([
      'x-frame-options',
      'DENY',
      'access-control-allow-origin',
      'http://localhost:5173',
    ]);
    expect(headers.join()).not.toContain('*');
    expect(headers.join()).not.toContain('allow-credentials');
  });
});
