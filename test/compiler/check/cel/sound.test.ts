import { describe, expect, it } from 'vitest';
import { checkCel } from '../../../../compiler/check/cel/check.ts';

const codesOf = (...args: Parameters<typeof checkCel>): readonly string[] =>
  checkCel(...args).map(({ code }) => code);

describe('an expression that was found sound', () => {
  it('is sound again, and judged anew for another result, environment or target', () => {
    const roles = 'claims.roles';
    expect(codesOf(roles, 'claims', 'list(string)')).toEqual([]);
    expect(codesOf(roles, 'claims', 'list(string)')).toEqual([]);
    expect(codesOf('principal.roles', 'call', 'list(string)')).toEqual([]);
    expect(codesOf('principal.roles', 'call', 'bool')).toEqual(['result']);
    expect(codesOf('principal.roles', 'claims', 'list(string)')).toEqual(['unknown-name']);
  });

  it('does not make a faulty one sound, however often that is asked', () => {
    for (let asked = 0; asked < 3; asked += 1)
      expect(codesOf('principal.rolls == []', 'call', 'bool')).toEqual(['unknown-field']);
  });

  it('is judged the same when more has been seen than is remembered', () => {
    const long = (index: number) => `call.name == "${'x'.repeat(8_000)}${index}"`;
    for (let index = 0; index < 300; index += 1) expect(codesOf(long(index), 'call', 'bool')).toEqual([]);
    expect(codesOf(long(0), 'call', 'bool')).toEqual([]);
    expect(codesOf(`${long(0)} && nonsense`, 'call', 'bool')).toEqual(['unknown-name']);
  });
});
