import { describe, expect, it } from 'vitest';
import { META } from '../../../../runtime/mcp/revision.ts';
import type { Revision } from '../../../support/message-schema.ts';
import { adaptation, adaptItem, adaptResponse, adaptResult, requestOf, toolOf } from './adapted.ts';

const LEGACY: readonly Revision[] = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const MODERN = '2026-07-28';

describe.each(LEGACY)('a modern result told to a client of %s', (revision) => {
  it('says nothing that only modern clients know', () => {
    const info = `"${META.serverInfo}":{"name":"a","version":"1"}`;
    const { text } = adaptResult(
      revision,
      MODERN,
      `{"resultType":"complete", "content":[],"_meta":{${info},"own":1.0},"big":12345678901234567890}`,
    );
    expect(text).toBe(
      '{"jsonrpc":"2.0","id":1,"result":{"content":[],"_meta":{"own":1.0},"big":12345678901234567890}}',
    );
  });

  it('has no empty _meta left, and no cache hints', () => {
    const result = `{"_meta":{"${META.serverInfo}":{}},"contents":[],"ttlMs":1,"cacheScope":"public","resultType":"complete"}`;
    expect(adaptResult(revision, MODERN, result, { method: 'resources/read' }).text).toBe(
      '{"jsonrpc":"2.0","id":1,"result":{"contents":[]}}',
    );
  });

  it('is refused where its type is unknown', () => {
    expect(() => adaptResult(revision, MODERN, '{"resultType":"task","content":[]}')).toThrow(
      expect.objectContaining({ code: 'upstream_protocol' }),
    );
  });

  it('has the code of its own revision where a resource is not found', () => {
    const error = { code: -32602, message: 'no', data: { uri: 'a://b' } };
    const text = adaptResponse(revision, MODERN, JSON.stringify({ jsonrpc: '2.0', id: 1, error }), {
      method: 'resources/read',
    });
    expect(JSON.parse(text).error).toEqual({ ...error, code: -32002 });
  });

  it.each([-32021, -32020, -32602])('leaves other errors as they are: %s', (code) => {
    const text = `{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":"no"}}`;
    expect(adaptResponse(revision, MODERN, text, { method: 'resources/read' })).toBe(text);
  });
});

describe.each(['2025-06-18', '2025-11-25'] as const)(
  'structured content told to a client of %s',
  (revision) => {
    const structured = (json: string, outputSchema?: object) =>
      adaptResult(revision, MODERN, `{"content":[],"structuredContent":${json},"resultType":"complete"}`, {
        tool: toolOf({ name: 'tool', ...(outputSchema && { outputSchema }) }),
      }).text;

    it('stays as it is where it is an object, and the tool says so', () => {
      expect(structured('{ "a":1.0}', { type: 'object' })).toContain('"structuredContent":{ "a":1.0}}');
      expect(structured('{"a":1}')).toContain('"structuredContent":{"a":1}}');
    });

    it.each([
      ['7', { type: 'number' }],
      ['[1,2]', { type: 'array' }],
      ['null', undefined],
      ['{"a":1}', { anyOf: [{ type: 'object' }, { type: 'null' }] }],
    ])('is the member of an object where the schema of the tool was told so: %s', (json, outputSchema) => {
      expect(structured(json, outputSchema)).toContain(`"structuredContent":{"result":${json}}}`);
    });
  },
);

describe.each(['2024-11-05', '2025-03-26'] as const)(
  'structured content told to a client of %s',
  (revision) => {
    it('is told as text, unless there is a text that says it', () => {
      const bare = adaptResult(revision, MODERN, '{"structuredContent":{"n":1.0},"content":[]}');
      expect(bare.value).toEqual({ content: [{ type: 'text', text: '{"n":1.0}' }] });
      const said = '{"content":[{"type":"text","text":"{\\"n\\": 1}"}],"structuredContent":{"n":1}}';
      expect(adaptResult(revision, MODERN, said).value.content).toHaveLength(1);
      const other = '{"content":[{"type":"text","text":"It is one."}],"structuredContent":{"n":1}}';
      expect(adaptResult(revision, MODERN, other).value.content.at(-1)).toEqual({
        type: 'text',
        text: '{"n":1}',
      });
    });
  },
);

describe('content told to a client that does not know it', () => {
  const link =
    '{"type":"resource_link","uri":"a://b","name":"b","annotations":{"priority":1},"icons":[{"src":"https://x.example/i"}]}';
  const result = `{"content":[{"type":"text","text":"see"},${link}],"resultType":"complete"}`;

  it('is all said in a text where it links to a resource', () => {
    const { value } = adaptResult('2025-03-26', MODERN, result);
    expect(value.content).toEqual([
      { type: 'text', text: 'see' },
      { type: 'text', text: link, annotations: { priority: 1 } },
    ]);
  });

  it('keeps the link without icons', () => {
    const { value } = adaptResult('2025-06-18', MODERN, result);
    expect(value.content[1]).toEqual({ ...JSON.parse(link), icons: undefined });
    expect(adaptResult('2025-11-25', MODERN, result).value.content[1]).toEqual(JSON.parse(link));
  });

  it('is the contents of a resource where it is sound', () => {
    const audio = '{"content":[{"type":"audio","data":"AAAA","mimeType":"audio/wav"}]}';
    const { value } = adaptResult('2024-11-05', MODERN, audio);
    expect(value.content).toEqual([
      { type: 'resource', resource: { uri: 'about:audio', mimeType: 'audio/wav', blob: 'AAAA' } },
    ]);
    expect(adaptResult('2025-03-26', MODERN, audio).value).toEqual(JSON.parse(audio));
  });

  it('is changed in the messages of prompts as well', () => {
    const messages = `{"messages":[{"role":"user","content":${link}},{"role":"user","content":{"type":"text","text":"a"}}]}`;
    const { value } = adaptResult('2025-03-26', MODERN, messages, { method: 'prompts/get' });
    expect(value.messages).toEqual([
      { role: 'user', content: { type: 'text', text: link, annotations: { priority: 1 } } },
      { role: 'user', content: { type: 'text', text: 'a' } },
    ]);
  });
});

describe('a tool of a modern upstream', () => {
  const tool = {
    name: 'count',
    title: 'Count',
    icons: [{ src: 'https://x.example/i' }],
    annotations: { readOnlyHint: true },
    inputSchema: { type: 'object', properties: { any: true, none: false, one: { type: 'string' } } },
    outputSchema: { type: 'array', items: { $ref: '#/$defs/n' }, $defs: { n: { type: 'number' } } },
  };
  const listed = (revision: Revision) =>
    JSON.parse(adaptItem(revision, MODERN, 'tools', JSON.stringify(tool)));
  const inputSchema = {
    type: 'object',
    properties: { any: {}, none: { not: {} }, one: { type: 'string' } },
  };

  it('has schemas that 2025-11-25 can have', () => {
    expect(listed('2025-11-25')).toEqual({
      ...tool,
      inputSchema,
      outputSchema: {
        type: 'object',
        properties: {
          result: {
            type: 'array',
            items: { $ref: '#/properties/result/$defs/n' },
            $defs: { n: { type: 'number' } },
          },
        },
        required: ['result'],
      },
    });
  });

  it.each([
    [
      '2025-06-18',
      { name: 'count', title: 'Count', annotations: tool.annotations, outputSchema: expect.anything() },
    ],
    ['2025-03-26', { name: 'count', annotations: { title: 'Count', readOnlyHint: true } }],
    ['2024-11-05', { name: 'count' }],
  ] as const)('has nothing that %s does not know', (revision, known) => {
    expect(listed(revision)).toEqual({ ...known, inputSchema });
  });
});

describe('a request to a modern upstream', () => {
  const message = requestOf('tools/call', {
    name: 'a',
    _meta: { [META.protocolVersion]: 'forged', [META.clientCapabilities]: { sampling: {} }, own: 1 },
  });

  it('says in its envelope what the session says, whatever the client put there', () => {
    const text = adaptation('2025-11-25', MODERN).metaText(message, 5, {
      clientInfoText: '{"name":"c","version":"1"}',
      capabilitiesText: '{"roots":{}}',
      logLevel: 'error',
    });
    expect(JSON.parse(text!)).toEqual({
      [META.protocolVersion]: MODERN,
      [META.clientInfo]: { name: 'c', version: '1' },
      [META.clientCapabilities]: { roots: {} },
      [META.logLevel]: 'error',
      progressToken: 5,
      own: 1,
    });
  });
});

describe('progress told to a legacy client', () => {
  const text =
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"message":"m","progress":1,"progressToken":1}}';

  it('has a message only where the revision knows one', () => {
    expect(adaptation('2025-03-26', MODERN).notification(text, JSON.parse(text), undefined)).toBe(text);
    expect(adaptation('2024-11-05', MODERN).notification(text, JSON.parse(text), undefined)).toBe(
      text.replace('"message":"m",', ''),
    );
  });
});
