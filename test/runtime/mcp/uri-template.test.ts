import { describe, expect, it } from 'vitest';
import { expandsTo, overlap, parseTemplate } from '../../../runtime/mcp/uri-template.ts';

const overlaps = (one: string, other: string): boolean => overlap(parseTemplate(one), parseTemplate(other));

describe('a URI template', () => {
  it.each([
    ['data://items/{id}', 'data://items/7', true],
    ['data://items/{id}', 'data://items/', true],
    ['data://items/{id}', 'data://items/a/b', false],
    ['data://items/{id}', 'data://other/7', false],
    ['file:///{+path}', 'file:///a/b/c', true],
    ['file:///{+path}.md', 'file:///a/b.txt', false],
    ['db://{table}/{row}', 'db://users/7', true],
    ['db://{table}/{row}', 'db://users', false],
    ['q://find{?term}', 'q://find?term=x', true],
    ['data://plain', 'data://plain', true],
  ])('%s expands to %s: %s', (template, uri, expected) => {
    expect(expandsTo(parseTemplate(template), uri)).toBe(expected);
  });

  it.each([
    ['data://{a}', 'data://{b}', true],
    ['data://{a}', 'data://x/{b}', false],
    ['data://{+a}', 'data://x/{b}', true],
    ['data://{a}/x', 'data://y/{b}', true],
    ['data://{a}/x', 'data://{b}/y', false],
    ['data://{a}.json', 'data://report.{b}', true],
    ['one://{a}', 'two://{a}', false],
    ['data://a', 'data://{a}', true],
  ])('%s and %s can name the same: %s', (one, other, expected) => {
    expect(overlaps(one, other)).toBe(expected);
    expect(overlaps(other, one)).toBe(expected);
  });

  it('is compared in bounded time, whatever an upstream writes', () => {
    const long = parseTemplate(`x://${'{a}b'.repeat(3000)}`);
    const startMs = performance.now();
    expect(overlap(long, parseTemplate(`x://${'{c}d'.repeat(3000)}`))).toBe(true);
    expect(expandsTo(long, `x://${'b'.repeat(8000)}c`)).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});
