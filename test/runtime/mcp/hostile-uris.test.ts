import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimUris, type Listed } from '../../../runtime/mcp/uri-claims.ts';
import {
  expandsTo,
  isComparable,
  MAX_REQUEST_STEPS,
  MAX_URI_LENGTH,
  overlap,
  parseTemplate,
} from '../../../runtime/mcp/uri-template.ts';

const listed = (upstream: string, uris: readonly string[], templates: readonly string[] = []): Listed => ({
  upstream,
  uris,
  templates,
});

const shared = (uris: readonly string[], templates: readonly string[] = []) =>
  claimUris([listed('first', ['data://a']), listed('second', ['data://a', ...uris], templates)]);

/** Counts how often a text is asked for something that takes time in proportion to it. */
const counting = (templates: readonly string[]) => {
  let matched = 0;
  const parsed = templates.map((text) => {
    const template = parseTemplate(text);
    return {
      ...template,
      admits: (uri: string) => {
        matched += 1;
        return template.admits(uri);
      },
    };
  });
  return { parsed, matched: () => matched };
};

const HEAVY = Array.from({ length: 3000 }, (_, at) => `data://${'{a}b'.repeat(90)}{c${at}}`);
const HEAVY_URI = `data://${'b'.repeat(2000)}/`;

describe('what one upstream lists to keep the gateway busy', () => {
  it('does not make labels longer, however many tildes surround the name', () => {
    const run = '~'.repeat(4000);
    const claims = shared([`x:${run}second${run}`, 'x:~~second~~2~', 'x:~~second~~3~~', 'x:~~second~~0x~']);
    expect(claims.of[1]!.expose('data://a')).toBe('data://~~second~~4~/a');
    expect(claims.resolve('data://~~second~~4~/a')).toEqual({ at: 1, uri: 'data://a' });
  });

  it('never has the label of another listed URI, and comes back', () => {
    const mark = fc.stringMatching(/^(~{0,4}second~{0,4}[0-9]{0,2}~{0,2}\/?){1,3}$/);
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 8 }), (marks) => {
        const uris = marks.map((text) => `data://${text}a`);
        const claims = claimUris([listed('first', ['data://a', ...uris]), listed('second', ['data://a'])]);
        const told = claims.of[1]!.expose('data://a');
        expect(uris).not.toContain(told);
        expect(claims.resolve(told)).toEqual({ at: 1, uri: 'data://a' });
        for (const uri of uris) expect(claims.resolve(uri)).toBeUndefined();
      }),
    );
  });

  it('is left as it is where it is longer than a URI may be', () => {
    const [fits, long] = [8192, 8193].map((length) => `data://${'x'.repeat(length - 'data://'.length)}`);
    const uris = [fits!, long!];
    const claims = claimUris([listed('first', uris), listed('second', uris)]);
    expect(claims.of[1]!.expose(fits!)).toBe(`data://~second~/${fits!.slice('data://'.length)}`);
    expect(claims.of[1]!.expose(long!)).toBe(long);
    expect(claims.resolve(`data://~second~/${long!.slice('data://'.length)}`)).toBeUndefined();
  });

  it('is not asked for its boundaries where it is too long, and only as far as what is shared goes where not', () => {
    const second = shared([]).of[1]!;
    const [short, long] = [`data://a${'/'.repeat(8000)}`, `data://a${'/'.repeat(80_000)}`];
    const steps = { left: MAX_REQUEST_STEPS };
    expect(second.expose(long, steps)).toBe(long);
    expect(steps.left).toBe(MAX_REQUEST_STEPS);
    expect(second.expose(short, steps)).toBe(`data://~second~/a${'/'.repeat(8000)}`);
    expect(MAX_REQUEST_STEPS - steps.left).toBeLessThan(100);
  });

  it.each([
    ['too long', `data://${'x'.repeat(MAX_URI_LENGTH)}{a}`],
    ['of too many expressions', `data://${'{a}'.repeat(101)}`],
  ])('has no templates that are %s', (_, template) => {
    expect(isComparable(template)).toBe(false);
    expect(claimUris([listed('first', ['data://x']), listed('second', [], [template])]).of).toEqual([]);
    expect(isComparable(`data://${'{a}'.repeat(100)}`)).toBe(true);
  });
});

describe('the steps of comparisons', () => {
  it('are those of all templates together, then everything is held to be claimed', () => {
    const { parsed, matched } = counting(HEAVY);
    const steps = { left: MAX_REQUEST_STEPS };
    const found = parsed.map((template) => expandsTo(template, HEAVY_URI, steps));
    expect(found[0]).toBe(false);
    expect(found.at(-1)).toBe(true);
    expect(steps.left).toBeLessThan(0);
    const asked = matched();
    expect(asked).toBeLessThan(HEAVY.length);
    expect(expandsTo(parsed[0]!, HEAVY_URI, steps)).toBe(true);
    expect(matched()).toBe(asked);
  });

  it('of two templates go little below none', () => {
    const text = fc.stringMatching(/^(\{\+?a\}|[ab/]){0,30}$/);
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0, max: 200 }), (one, other, left) => {
        const [a, b] = [parseTemplate(one), parseTemplate(other)];
        const steps = { left };
        const found = overlap(a, b, steps);
        if (steps.left < 0) expect(found).toBe(true);
        else expect(found).toBe(overlap(a, b));
        expect(steps.left).toBeGreaterThanOrEqual(-1 - 16 - 64);
      }),
    );
  });

  it('of a message are shared by all its URIs, and a URI under a label comes back with them used up too', () => {
    const claims = claimUris([listed('first', [], ['data://{+a}']), listed('second', [], HEAVY)]);
    const steps = { left: 10 };
    const told = claims.of[1]!.expose(HEAVY_URI, steps);
    expect(told).toBe(`data://~second~/${HEAVY_URI.slice('data://'.length)}`);
    expect(steps.left).toBeLessThan(0);
    expect(claims.resolve(told, { left: 10 })).toEqual({ at: 1, uri: HEAVY_URI });
    expect(claims.of[1]!.expose('no scheme', steps)).toBe('no scheme');
    expect(claims.of[1]!.expose('https://example.com/', steps)).toBe('https://example.com/');
  });

  it('of one upstream are not spent by another: what that lists is still told apart', () => {
    const victims = Array.from({ length: 200 }, (_, at) => `data://${'b'.repeat(1500)}/${at}`);
    const claims = claimUris([
      listed('first', [...victims, 'data://items/special']),
      listed('second', [], HEAVY),
      listed('third', [], ['data://items/{id}', 'data://other/{id}']),
    ]);
    expect(claims.of[0]).toBeUndefined();
    expect(claims.of[2]!.expose('data://items/{id}')).toBe('data://~third~/items/{id}');
    expect(claims.of[2]!.expose('data://other/{id}')).toBe('data://other/{id}');
  });
});
