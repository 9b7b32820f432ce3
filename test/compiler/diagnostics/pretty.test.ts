import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { renderPretty } from '../../../compiler/diagnostics/render/pretty.ts';

const render = (text: string, color = false): string => {
  const { diagnostics } = compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
  });
  return renderPretty('gateway.yaml', diagnostics, { textOf: () => text, color });
};

/** The line and the marks of the first unknown key. */
const marked = (text: string): readonly string[] => {
  const block = render(text)
    .split('\n\n')
    .find((each) => each.startsWith('error[GW1001]'))!;
  return block
    .split('\n')
    .slice(3, 5)
    .map((line) => line.replace(/^[\s\d]*\| ?/, ''));
};

/** Control characters other than line breaks, and those that reorder text. */
const UNSAFE = /[^\P{Cc}\n]|\p{Bidi_Control}/u;

describe('the pretty format', () => {
  it('puts its marks under wide characters where a terminal shows them', () => {
    expect(marked('{ name: "日本", profle: x }')).toEqual([
      '{ name: "日本", profle: x }',
      '                ^^^^^^',
    ]);
    expect(marked('{ 日本: x }')).toEqual(['{ 日本: x }', '  ^^^^ no such key here']);
  });

  it('does not count marks that combine with the letter before', () => {
    expect(marked('{ name: "e\u0301", profle: x }')[1]).toBe('             ^^^^^^');
  });

  it('shows tabs as four blanks, and marks what stands behind them', () => {
    expect(marked('{ name: x,\tprofle: x }')).toEqual(['{ name: x,    profle: x }', '              ^^^^^^']);
  });

  it('lets no control character of the file through to the terminal', () => {
    const text = 'nmae: "\u001b[2J\u202e\u0007"\n';
    expect(render(text)).not.toMatch(UNSAFE);
    expect(render(`"\u001b]0;x\u0007": 1\n`)).not.toMatch(UNSAFE);
  });

  it('shows of a long line what is around the mark', () => {
    const [line, marks] = marked(`{ name: ${'x'.repeat(300)}, profle: x, ${'y'.repeat(300)}: z }`);
    expect(line!.length).toBeLessThan(120);
    expect(line!.slice(marks!.indexOf('^'), marks!.lastIndexOf('^') + 1)).toBe('profle');
  });

  it('uses colours when it is asked to, and never otherwise', () => {
    expect(render('nmae: x')).not.toContain('\u001b');
    expect(render('nmae: x', true)).toContain('\u001b[1;31merror[GW1001]\u001b[0m');
  });

  it('counts findings in its last line', () => {
    expect(render('nmae: x').trimEnd().split('\n').at(-1)).toBe('gateway.yaml: 5 errors');
  });

  it('ends after a hundred findings with the number of the others', () => {
    const text = Array.from({ length: 150 }, (_, index) => `key${index}x: 1\n`).join('');
    expect(render(text)).toContain('\n54 more findings not shown\n');
  });

  it('does without a line where there is no text to show', () => {
    const { diagnostics } = compile({ main: 'gateway.yaml', read: () => undefined });
    const text = renderPretty('gateway.yaml', diagnostics, { textOf: () => undefined, color: false });
    expect(text).toMatch(
      /^error\[GW0001\]: `gateway.yaml` cannot be read\n --> gateway.yaml:1:1\n {2}= help/,
    );
  });
});
