import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { CATALOGUE, type Code } from '../../../compiler/diagnostics/catalogue.ts';
import { isAdjustable } from '../../../compiler/diagnostics/entry.ts';
import { mend } from '../../../compiler/mend.ts';
import { SMALL_CONFIGURATION } from '../../support/small-configuration.ts';

/** Has an unused upstream (GW2009). */
const WARNED = `${SMALL_CONFIGURATION}  spare: { type: stdio, command: [spare] }\n`;
/** Anybody on the network may call (GW4001). */
const OPEN = SMALL_CONFIGURATION.replace(
  '127.0.0.1:8080',
  '0.0.0.0:8080, url: "http://gateway.example.com:8080"',
);

const inputOf = (text: string, beside: Readonly<Record<string, string>> = {}) => ({
  main: 'gateway.yaml',
  read: (path: string) => {
    const found = path === 'gateway.yaml' ? text : beside[path];
    return found === undefined ? undefined : Buffer.from(found);
  },
});

const check = (text: string, beside?: Readonly<Record<string, string>>) => {
  const { compiled, diagnostics } = compile(inputOf(text, beside));
  return {
    findings: diagnostics.map(({ code, severity }) => `${severity} ${code}`),
    hash: compiled?.hash,
    diagnostics,
  };
};

const codesWhere = (isWanted: (code: Code) => boolean) => (Object.keys(CATALOGUE) as Code[]).filter(isWanted);

describe('the section lints', () => {
  it('makes an error of a warning, which stops the compile', () => {
    const { findings, hash } = check(`${WARNED}lints: { GW2009: error }\n`);
    expect([findings, hash]).toEqual([['error GW2009'], undefined]);
  });

  it('tells nothing of what is off, in every part of the configuration', () => {
    expect(check(`${WARNED}lints: { GW2009: off }\n`).findings).toEqual([]);
    expect(check(`${WARNED}lints: { GW4008: off }\n`).findings).toEqual(['warning GW2009']);
  });

  it('makes a warning of a posture error, or nothing', () => {
    expect(check(OPEN).findings).toEqual(
      ['error GW4001', 'error GW4021'].slice(0, check(OPEN).findings.length),
    );
    expect(check(`${OPEN}lints: { GW4001: warning }\n`).findings).toContain('warning GW4001');
    expect(check(`${OPEN}lints: { GW4001: off }\n`).findings.join()).not.toContain('GW4001');
  });

  it('is no part of the graph', () => {
    const { hash } = check(WARNED);
    expect(hash).toBeDefined();
    expect(check(`${WARNED}lints: { GW2009: off, GW4001: warning }\n`).hash).toBe(hash);
  });

  it.each(codesWhere((code) => isAdjustable(CATALOGUE[code])))('takes a level for %s', (code) => {
    expect(check(`${WARNED}lints: { ${code}: warning }\n`).findings).toEqual(['warning GW2009']);
  });

  it.each(codesWhere((code) => !isAdjustable(CATALOGUE[code])))('takes none for %s', (code) => {
    for (const level of ['off', 'warning', 'error'])
      expect(check(`${WARNED}lints: { ${code}: ${level} }\n`).findings).toEqual(['error GW1031']);
  });

  it('cannot be used to hide what is wrong with itself', () => {
    const { findings } = check(`${WARNED}lints: { GW1030: off, GW1031: off, GW4090: off, GW9: off }\n`);
    expect(findings).toEqual(['error GW1031', 'error GW1031', 'error GW1031', 'error GW1030']);
  });

  it('is told which code was meant', () => {
    const [finding] = check(`${WARNED}lints: { GW209: off }\n`).diagnostics;
    expect(finding?.help.join()).toMatch(/did you mean `GW20\d9`\?/);
    const [other] = check(`${WARNED}lints: { gw2009: off }\n`).diagnostics;
    expect(other?.help).toEqual(['did you mean `GW2009`?']);
    expect(mend(inputOf(`${WARNED}lints: { gw2009: off }\n`), 'always').result.diagnostics).toEqual([]);
  });

  it('takes only the three levels, and names of no inherited property', () => {
    expect(check(`${WARNED}lints: { GW2009: warn }\n`).findings).toEqual(['error GW1004']);
    expect(check(`${WARNED}lints: { GW2009: true }\n`).findings[0]).toMatch(/^error GW1/);
    for (const name of ['constructor', '__proto__', 'toString'])
      expect(check(`${WARNED}lints: { ${name}: off }\n`).findings).toEqual(['error GW1030']);
  });
});

describe('an ignore comment', () => {
  const ignoring = (code: string, reason = ': kept for next week') =>
    WARNED.replace('[spare] }', `[spare] } # gatewright-ignore ${code}${reason}`);

  it('lowers a lint as it does a posture finding', () => {
    expect(check(ignoring('GW2009')).findings).toEqual([]);
  });

  it('needs a reason', () => {
    for (const reason of ['', ':', ':   '])
      expect(check(ignoring('GW2009', reason)).findings).toEqual(['error GW4090']);
  });

  it('lowers a warning that was made an error', () => {
    expect(check(`${ignoring('GW2009')}lints: { GW2009: error }\n`).findings).toEqual([]);
  });

  it('without effect is a warning whose level can be set, and which removes it', () => {
    const idle = ignoring('GW2014').replace('upstream: files }]', 'upstream: files }, { upstream: spare }]');
    expect(check(idle).findings).toEqual(['warning GW4091']);
    expect(check(`${idle}lints: { GW4091: error }\n`).findings).toEqual(['error GW4091']);
    const { files, result } = mend(inputOf(idle), 'always');
    expect(files.get('gateway.yaml')).toContain('  spare: { type: stdio, command: [spare] }\n');
    expect(result.diagnostics).toEqual([]);
  });

  it('on a line of its own goes with its line', () => {
    const idle = WARNED.replace(/ {2}spare.*\n/, '').replace(
      '  files:',
      '  # gatewright-ignore GW2009: was needed\r\n  files:',
    );
    const { files } = mend(inputOf(idle), 'always');
    expect(files.get('gateway.yaml')).toBe(WARNED.replace(/ {2}spare.*\n/, ''));
  });

  it('of what is off has no effect', () => {
    expect(check(`${ignoring('GW2009')}lints: { GW2009: off }\n`).findings).toEqual(['warning GW4091']);
  });

  it('lowers what is found in another file that the configuration names', () => {
    const main = `${WARNED.replace(/ {2}spare.*\n/, '').replace('anonymous: true', 'identity: [robots]')}identity: { robots: { type: api-key, keysFile: ./keys.yaml } }\n`;
    const more = `${main.replace('  tools:', '  more: { at: [{ listener: main, path: /more }], anonymous: true, expose: [{ upstream: files }] }\n  tools:')}`;
    const keys = (comment: string) =>
      `keys:\n  - id: ci\n    hash: ${'0f'.repeat(32)}\n    servers: [tools, more]${comment}\n    notAfter: 2099-01-01T00:00:00Z\n`;
    expect(check(more, { 'keys.yaml': keys('') }).findings).toEqual(['warning GW3056']);
    expect(check(more, { 'keys.yaml': keys(' # gatewright-ignore GW3056: soon') }).findings).toEqual([]);
  });

  it('does not lower errors, nor what is said about such comments', () => {
    for (const code of ['GW2003', 'GW4090', 'GW4091'])
      expect(check(ignoring(code)).findings).toEqual(['error GW4090', 'warning GW2009'].slice(0, 1));
  });
});
