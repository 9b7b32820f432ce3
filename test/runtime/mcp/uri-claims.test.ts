import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimUris, type Listed } from '../../../runtime/mcp/uri-claims.ts';

const listed = (upstream: string, uris: readonly string[], templates: readonly string[] = []): Listed => ({
  upstream,
  uris,
  templates,
});

describe('URIs that two upstreams claim', () => {
  it('stay as they are where nobody else has them', () => {
    const claims = claimUris([
      listed('first', ['data://a'], ['one://{x}']),
      listed('second', ['data://b'], ['two://{x}']),
    ]);
    expect(claims.of).toEqual([]);
    expect(claims.resolve('data://a')).toBeUndefined();
  });

  it('stay with the first, and get the name of their upstream in the others', () => {
    const claims = claimUris([listed('first', ['data://a']), listed('second', ['data://a', 'data://b'])]);
    expect(claims.of[0]).toBeUndefined();
    expect(claims.of[1]!.expose('data://a')).toBe('data://~second~/a');
    expect(claims.of[1]!.expose('data://b')).toBe('data://b');
    expect(claims.resolve('data://~second~/a')).toEqual({ at: 1, uri: 'data://a' });
    expect(claims.resolve('data://~second~/b')).toBeUndefined();
    expect(claims.resolve('data://a')).toBeUndefined();
  });

  it('take the parts of a resource along', () => {
    const claims = claimUris([listed('first', ['data://a']), listed('second', ['data://a'])]);
    expect(claims.of[1]!.expose('data://a/part')).toBe('data://~second~/a/part');
    expect(claims.of[1]!.expose('data://ab')).toBe('data://ab');
    expect(claims.resolve('data://~second~/a/part')).toEqual({ at: 1, uri: 'data://a/part' });
  });

  it('keep their scheme, whatever follows it', () => {
    const uris = ['file:///etc/x', 'urn:isbn:1', 'ui://app/main', 'memo:note'];
    const claims = claimUris([listed('first', uris), listed('second', uris)]);
    expect(uris.map((uri) => claims.of[1]!.expose(uri))).toEqual([
      'file://~second~//etc/x',
      'urn:~second~/isbn:1',
      'ui://~second~/app/main',
      'memo:~second~/note',
    ]);
  });

  it('are left alone where a client may fetch them by itself', () => {
    const uris = ['https://example.com/a', 'HTTP://example.com/b'];
    const claims = claimUris([
      listed('first', uris, ['https://{x}']),
      listed('second', uris, ['https://{x}']),
    ]);
    expect(claims.of).toEqual([]);
  });

  it('are those of templates too: of equal ones, of overlapping ones, and of such that meet a listed URI', () => {
    const claims = claimUris([
      listed('first', ['data://items/special'], ['data://{kind}/{id}']),
      listed('second', [], ['data://{kind}/{id}', 'data://items/{id}', 'other://{id}']),
    ]);
    const second = claims.of[1]!;
    expect(second.expose('data://{kind}/{id}')).toBe('data://~second~/{kind}/{id}');
    expect(second.expose('data://items/{id}')).toBe('data://~second~/items/{id}');
    expect(second.expose('other://{id}')).toBe('other://{id}');
    expect(second.expose('data://items/7')).toBe('data://~second~/items/7');
    expect(claims.resolve('data://~second~/items/7')).toEqual({ at: 1, uri: 'data://items/7' });
    expect(claims.resolve('data://~second~/items/7/8')).toBeUndefined();
    const reverse = claimUris([listed('first', [], ['data://{id}']), listed('second', ['data://x'])]);
    expect(reverse.of[0]!.expose('data://{id}')).toBe('data://~first~/{id}');
    expect(reverse.of[1]).toBeUndefined();
  });

  it('get another name where an upstream lists one that looks like it', () => {
    const claims = claimUris([
      listed('first', ['data://a', 'data://~second~/a']),
      listed('second', ['data://a']),
    ]);
    expect(claims.of[1]!.expose('data://a')).toBe('data://~~second~~/a');
    expect(claims.resolve('data://~second~/a')).toBeUndefined();
  });

  it('are told apart in bounded time, however many there are', () => {
    const many = (name: string) =>
      listed(
        name,
        Array.from({ length: 5000 }, (_, at) => `data://${at}`),
        Array.from({ length: 1000 }, (_, at) => `data://{a}/${at}/{b}`),
      );
    const startMs = performance.now();
    const claims = claimUris([many('first'), many('second')]);
    expect(claims.of[1]!.expose('data://7')).toBe('data://~second~/7');
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });

  it('come back as what they were, and are never those of two upstreams', () => {
    const uri = fc.stringMatching(/^(data|ui):\/\/[ab]{1,2}(\/[ab]{1,2}){0,2}$/);
    const lists = fc.array(fc.uniqueArray(uri, { maxLength: 6 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(lists, (all) => {
        const claims = claimUris(all.map((uris, at) => listed(`u${at}`, uris)));
        const exposed = all.flatMap((uris, at) =>
          uris.map((own) => ({ at, own, told: claims.of[at]?.expose(own) ?? own })),
        );
        expect(new Set(exposed.map(({ told }) => told)).size).toBe(exposed.length);
        for (const { at, own, told } of exposed)
          if (told !== own) expect(claims.resolve(told)).toEqual({ at, uri: own });
      }),
    );
  });
});
