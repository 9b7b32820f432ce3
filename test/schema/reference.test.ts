import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasReference, parseReference, referenceText, unescapeDollar } from '../../schema/reference.ts';

describe('a text with references', () => {
  it('is split into literal parts and references', () => {
    expect(parseReference('https://${env:HOST}/a?k=${file:/run/k}').parts).toEqual([
      { kind: 'text', text: 'https://' },
      { kind: 'env', name: 'HOST' },
      { kind: 'text', text: '/a?k=' },
      { kind: 'file', path: '/run/k' },
    ]);
  });

  it('may give a default, which may be empty and may hold colons', () => {
    expect(parseReference('${env:A:-}').parts).toEqual([{ kind: 'env', name: 'A', fallback: '' }]);
    expect(parseReference('${env:A:-http://x:1}').parts).toEqual([
      { kind: 'env', name: 'A', fallback: 'http://x:1' },
    ]);
  });

  it('may say what is told where the variable is not set', () => {
    expect(parseReference('${env:A:?set it: b:-c}').parts).toEqual([
      { kind: 'env', name: 'A', message: 'set it: b:-c' },
    ]);
    expect(parseReference('${env:A:-b:?c}').parts).toEqual([{ kind: 'env', name: 'A', fallback: 'b:?c' }]);
  });

  it('keeps a file path with colons whole', () => {
    expect(parseReference('${file:/run/a:b}').parts).toEqual([{ kind: 'file', path: '/run/a:b' }]);
  });

  it('takes a doubled dollar for a dollar, and a lone one for itself', () => {
    expect(parseReference('$$5 and $6 and $').parts).toEqual([{ kind: 'text', text: '$5 and $6 and $' }]);
    expect(parseReference('$${env:A}').parts).toEqual([{ kind: 'text', text: '${env:A}' }]);
    expect(parseReference('$$${env:A}').parts).toEqual([
      { kind: 'text', text: '$' },
      { kind: 'env', name: 'A' },
    ]);
  });

  it.each([
    ['${env:A', 'unterminated', 'env:A', 0, 7],
    ['x${secret:a}', 'unknown-source', 'secret', 1, 11],
    ['${A}', 'unknown-source', 'A', 0, 4],
    ['${}', 'unknown-source', '', 0, 3],
    ['${env:}', 'bad-name', '', 0, 7],
    ['${env:1A}', 'bad-name', '1A', 0, 9],
    ['${env:A B}', 'bad-name', 'A B', 0, 10],
    ['${env:${env:A}}', 'bad-name', '${env:A', 0, 14],
    ['${file:}', 'no-path', 'file:', 0, 8],
  ])('tells what is wrong with %s', (text, reason, subject, offset, length) => {
    expect(parseReference(text).problems).toEqual([{ reason, subject, offset, length }]);
  });

  it('tells every fault at once', () => {
    expect(parseReference('${a:b} ${env:9} ${file:x}').problems).toHaveLength(2);
  });

  it('never throws, and tells what is a reference as it is split', () => {
    const piece = fc.constantFrom('$', '{', '}', 'env', ':', '-', '?', 'A', 'file', '/x', ' ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        const { parts, problems } = parseReference(text);
        const isReference = problems.length > 0 || parts.some(({ kind }) => kind !== 'text');
        expect(hasReference(text)).toBe(isReference);
        if (problems.length === 0) expect(parseReference(referenceText(parts)).parts).toEqual(parts);
        if (isReference) return;
        const literal = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
        expect(literal).toBe(unescapeDollar(text));
      }),
    );
  });
});
