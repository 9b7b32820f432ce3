import { describe, expect, it } from 'vitest';
import { flowText, keyed, map, namedText, plain, secret, sequence } from '../../../compiler/diff/written.ts';
import type { Reference } from '../../../schema/graph/graph.ts';

const GITHUB_TOKEN = `ghp_${'0123456789'.repeat(3)}`;

/** As the compiler leaves a scalar that is known only later. */
const reference = (text: string): string =>
  ({ $reference: text, path: 'upstreams.hub.credentials.token', as: 'string' }) satisfies Reference as never;

describe('a value that is shown', () => {
  it('is its reference, where it is one', () => {
    expect(secret(reference('${env:TOKEN}')).text).toBe('${env:TOKEN}');
    expect(plain(reference('http://${env:HOST:-localhost}/')).text).toBe('http://${env:HOST:-localhost}/');
  });

  it('hides what stands for a secret: a literal, the default of a reference, what is written around one', () => {
    const texts = [
      secret('hunter2').text,
      secret(reference('${env:TOKEN:-hunter2}')).text,
      secret(reference('hunter2${file:./token}')).text,
      plain(GITHUB_TOKEN).text,
      plain(reference(`${GITHUB_TOKEN}\${env:MORE}`)).text,
      namedText('api-key', 'hunter2-hunter2').text,
      namedText('x-any', `Bearer ${GITHUB_TOKEN}`).text,
    ];
    expect(texts).toEqual([
      '(masked)',
      '${env:TOKEN:-(masked)}',
      '(masked)${file:./token}',
      '(masked)',
      '(masked)',
      '(masked)',
      '(masked)',
    ]);
  });

  it('is told from another one that is hidden too', () => {
    expect(secret('one').raw).not.toBe(secret('two').raw);
  });
});

describe('the flow style of YAML', () => {
  it('quotes what would be read as something else', () => {
    const value = map({
      plain: plain('read_*'),
      spaced: plain('a b: c'),
      empty: plain(''),
      list: sequence(['*', 'x, y', '- z']),
      items: keyed([{ key: 'a', item: map({ on: plain(true) }) }], false),
      none: map({}),
    });
    expect(flowText(value)).toBe(
      '{ plain: read_*, spaced: "a b: c", empty: "", list: ["*", "x, y", "- z"], items: [{ on: true }], none: {} }',
    );
  });
});
