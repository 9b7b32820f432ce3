import { describe, expect, it } from 'vitest';
import { compileAddressRules } from '../../../policies/listen/address-rules.ts';

const compile = (
  ip: { allow?: readonly string[]; deny?: readonly string[] },
  trustedProxies: readonly string[] = [],
) => compileAddressRules({ ip: { deny: [], ...ip }, trustedProxies });

describe('compileAddressRules', () => {
  it('admits everybody without rules and trusts nobody', () => {
    const rules = compile({});
    expect(rules.admits('192.0.2.1')).toBe(true);
    expect(rules.admits('')).toBe(true);
    expect(rules.trusts('192.0.2.1')).toBe(false);
    expect(rules.trusts('')).toBe(false);
  });

  it('admits only what is allowed, and never what is denied', () => {
    const rules = compile({
      allow: ['10.0.0.0/8', '2001:db8::/32'],
      deny: ['10.66.0.0/16', '2001:db8:6::/48'],
    });
    expect(['10.1.2.3', '2001:db8::1'].map(rules.admits)).toEqual([true, true]);
    expect(['10.66.0.1', '11.0.0.1', '2001:db8:6::1', '::1', 'unknown', ''].map(rules.admits)).toEqual(
      Array(6).fill(false),
    );
  });

  it('reads single addresses and the widest networks', () => {
    expect(compile({ allow: ['192.0.2.1'] }).admits('192.0.2.1')).toBe(true);
    expect(compile({ allow: ['0.0.0.0/0'] }).admits('203.0.113.9')).toBe(true);
    expect(compile({ allow: ['0.0.0.0/0'] }).admits('2001:db8::1')).toBe(false);
    expect(compile({ deny: ['::/0'] }).admits('2001:db8::1')).toBe(false);
  });

  it('trusts the peer of a unix socket where any proxy is trusted, but no address that could not be read', () => {
    const rules = compile({}, ['10.0.0.0/8']);
    expect(rules.trusts('')).toBe(true);
    expect(rules.trusts('10.1.1.1')).toBe(true);
    expect(rules.trusts('unknown')).toBe(false);
  });
});
