import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';

const HEAD = `version: 1
listeners: { main: { bind: 127.0.0.1:8080 } }
servers: { tools: { at: [{ listener: main }], anonymous: true, expose: [{ upstream: files }], policies: [p] } }
upstreams: { files: { type: stdio, command: [mcp] } }
`;

/** What the only finding of a configuration points at. */
const pointedAt = (text: string): string => {
  const { diagnostics } = compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
  });
  expect(diagnostics).toHaveLength(1);
  const { span } = diagnostics[0]!;
  return text.replace(/^\ufeff/, '').slice(span.offset, span.endOffset);
};

const policy = (scalar: string): string => `${HEAD}policies: { p: { type: cel, deny: ${scalar} } }\n`;

describe('a place inside an expression', () => {
  it.each([
    ['in a plain text', 'tool.nmae.size() > 1'],
    ['in double quotes', '"tool.nmae == \'a\'"'],
    ['in single quotes', '\'tool.nmae == "a"\''],
    ['after an escaped quote', '"\'\\"\' == tool.nmae"'],
    ['after a doubled quote', "'''a'' == tool.nmae'"],
    ['after escapes of two, four, six and ten characters', '"\'\\t\\x41\\u00e4\\U0001F600\' == tool.nmae"'],
    ['after characters outside the basic plane', '"\'😀日本\' == tool.nmae"'],
    ['after a doubled dollar', '"\'$$5 $$\' == tool.nmae"'],
  ])('is exact %s', (_, scalar) => {
    expect(pointedAt(policy(scalar))).toBe('nmae');
  });

  const RULE = ["'ä😀' != 'b' &&", 'tool.nmae.size() > 1', '&& true'];
  const lines = (indent: string, end = '\n') => RULE.map((line) => `${indent}${line}${end}`).join('');
  const long = (scalar: string) => `${HEAD}policies:\n  p:\n    type: cel\n    deny: ${scalar}\n`;

  it.each([
    ['in a literal block', `|\n${lines('      ')}`],
    ['in a literal block that keeps its end, with a remark', `|+ # why\n${lines('      ')}\n\n`],
    ['in a literal block with an indentation of its own', `|2\n${lines('       ')}`],
    [
      'in a literal block with deeper and empty lines',
      `|\n      true &&\n\n         'x' != '' &&\n${lines('      ')}`,
    ],
    ['in a folded block', `>-\n${lines('      ')}`],
    [
      'in a folded block with deeper and empty lines',
      `>\n      true\n\n         && 'x  y' != '' &&\n${lines('      ')}`,
    ],
    ['in a plain text over several lines', `(true)\n      &&\n\n${lines('        ')}`],
    ['in double quotes over several lines', `"true &&\n\n\n${lines('      ').trimEnd()}"`],
    [
      'in double quotes with escaped breaks',
      `"true \\\n      && \\\n     \\ '\\t' != '' &&\n${lines('      ').trimEnd()}"`,
    ],
    [
      'in single quotes over several lines',
      `'true &&\n\n${lines('      ').trimEnd().replaceAll("'", "''")}'`,
    ],
  ])('is exact %s', (_, scalar) => {
    expect(pointedAt(long(scalar))).toBe('nmae');
    expect(pointedAt(long(scalar).replaceAll('\n', '\r\n'))).toBe('nmae');
    expect(pointedAt(`\ufeff${long(scalar)}`)).toBe('nmae');
  });

  it('reaches over the lines that it stands on', () => {
    const text = `${HEAD}policies:\n  p:\n    type: cel\n    deny: |\n      'a'\n      + 'b'\n`;
    expect(pointedAt(text)).toBe("'a'\n      + 'b'");
  });
});

describe('a place inside a reference', () => {
  const upstream = (scalar: string): string =>
    HEAD.replace('policies: [p] ', '')
      .replace('{ type: stdio, command: [mcp] }', `{ type: stdio, command: [mcp], env: { A: ${scalar} } }`)
      .replace(', policies: [p]', '');

  it('is that of the reference at fault', () => {
    expect(pointedAt(upstream('"a ${env:OK} b ${evn:A} c"'))).toBe('${evn:A}');
    expect(pointedAt(upstream("'${env:OK}${env:}'"))).toBe('${env:}');
  });

  it('is the whole text where quotes are missing', () => {
    expect(pointedAt(upstream('x-${env:A}-${env:B:-c,d}'))).toBe('x-${env:A}-${env:B:-c,d}');
  });

  it('is found although other texts with braces are around', () => {
    expect(pointedAt(upstream('"{${env:OK}}", B: ${env:A}'))).toBe('${env:A}');
  });
});

describe('the rest of a file', () => {
  it('is still checked where a reference lacks its quotes', () => {
    const text = HEAD.replace(', policies: [p]', '')
      .replace('127.0.0.1:8080', '${env:BIND}')
      .replace('upstream: files', 'upstream: fiels');
    const { diagnostics } = compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
    });
    expect(diagnostics.map(({ code }) => code)).toEqual(['GW0012', 'GW3031', 'GW2003']);
  });
});

describe('aliases', () => {
  const codes = (text: string) =>
    compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
    }).diagnostics.map(({ code, message }) => `${code} ${message}`);

  it('stand for whole values', () => {
    const text = HEAD.replace(', policies: [p]', '')
      .replace('[mcp] }', '&c [mcp] }, more: { type: stdio, command: *c }')
      .replace('{ upstream: files }', '{ upstream: files }, { upstream: more, prefix: m_ }');
    expect(codes(text)).toEqual([]);
  });

  it('that stand inside their own value are refused', () => {
    expect(codes('version: 1\nlisteners: &a { main: *a }\n')).toContain(
      'GW0014 `*a` stands inside the value that it stands for',
    );
  });

  it('that multiply are refused before they fill the memory', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${new Array(10).fill(of).join(', ')}]\n`;
    const bomb = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].reduce(
      (text, name, index) => text + level(name, `*${'abcdefgh'[index]}`),
      level('a', 'x'),
    );
    expect(codes(bomb)).toEqual(['GW0018 the configuration exceeds 100000 values']);
  });
});

describe('bytes', () => {
  const codes = (bytes: Uint8Array) =>
    compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? bytes : undefined),
    }).diagnostics.map(({ code, message }) => `${code} ${message}`);

  it('that are no UTF-8 are named with their offset', () => {
    expect(codes(Buffer.from([0x61, 0x3a, 0x20, 0xff]))).toEqual([
      'GW0005 the file is not UTF-8: byte 0xff at offset 3',
    ]);
    expect(codes(Buffer.from([0x61, 0xc3]))).toEqual(['GW0005 the file is not UTF-8: byte 0xc3 at offset 1']);
    expect(codes(Buffer.from([0x61, 0xc3, 0x28]))).toEqual([
      'GW0005 the file is not UTF-8: byte 0xc3 at offset 1',
    ]);
    // An encoding of "/" that is longer than needed.
    expect(codes(Buffer.from([0xc0, 0xaf]))).toEqual(['GW0005 the file is not UTF-8: byte 0xc0 at offset 0']);
  });

  it('of other encodings are recognised by their mark', () => {
    const { diagnostics } = compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? Buffer.from('\ufeffversion: 1', 'utf16le') : undefined),
    });
    expect(diagnostics[0]?.help).toEqual(['it looks like UTF-16 (little endian); save it as UTF-8']);
  });

  it('beyond four mebibytes are not read', () => {
    expect(codes(Buffer.alloc(4 * 1024 * 1024 + 1, 32))).toEqual(['GW0018 the file exceeds 4194304 bytes']);
  });

  it('of a file that is blank but for a byte order mark say nothing', () => {
    expect(codes(Buffer.from('\ufeff'))).toEqual(['GW0002 `gateway.yaml` is empty']);
    expect(codes(Buffer.from('\ufeff \n\t\n'))).toEqual([
      'GW0003 `gateway.yaml` holds nothing but blanks and comments',
    ]);
    expect(codes(Buffer.from('---\n# nothing\n...\n'))).toEqual([
      'GW0003 `gateway.yaml` holds nothing but blanks and comments',
    ]);
  });
});
