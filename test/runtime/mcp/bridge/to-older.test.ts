import { describe, expect, it } from 'vitest';
import { sameLegacy } from '../../../../runtime/mcp/bridge/same-era.ts';
import { adaptation, adaptItem, adaptResult } from './adapted.ts';

describe('a client and an upstream of one revision', () => {
  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const)(
    'change nothing: %s',
    (revision) => {
      expect(adaptation(revision, revision)).toBe(sameLegacy);
    },
  );

  it('change nothing either where the upstream speaks the older one', () => {
    expect(adaptation('2025-11-25', '2025-03-26')).toBe(sameLegacy);
  });
});

describe('a result of 2025-11-25 told to an older client', () => {
  const link = '{"type":"resource_link","uri":"a://b","name":"b"}';

  it('is the same text where nothing is new to the client', () => {
    const result = '{ "content":[{"type":"text","text":"a"}], "_meta":{"k":1.0}}';
    expect(adaptResult('2025-03-26', '2025-11-25', result).text).toBe(
      `{"jsonrpc":"2.0","id":1,"result":${result}}`,
    );
    expect(adaptResult('2025-06-18', '2025-11-25', `{"content":[${link}]}`).value.content[0].type).toBe(
      'resource_link',
    );
  });

  it('has no structured content and no links before 2025-06-18', () => {
    const result = `{"structuredContent":{"a":1},"isError":false,"content":[${link}]}`;
    expect(adaptResult('2025-03-26', '2025-11-25', result).value).toEqual({
      isError: false,
      content: [
        { type: 'text', text: link },
        { type: 'text', text: '{"a":1}' },
      ],
    });
  });
});

describe('items of 2025-11-25 told to an older client', () => {
  it('say nothing of tasks and icons to 2025-06-18', () => {
    const tool =
      '{"name":"a","execution":{"taskSupport":"optional"},"inputSchema":{"type":"object"},"icons":[],"title":"A"}';
    expect(adaptItem('2025-06-18', '2025-11-25', 'tools', tool)).toBe(
      '{"name":"a","inputSchema":{"type":"object"},"title":"A"}',
    );
  });

  it('have no titles before 2025-06-18, but the one that annotations can hold', () => {
    const tool = '{"name":"a","title":"A","inputSchema":{"type":"object"}}';
    expect(JSON.parse(adaptItem('2025-03-26', '2025-11-25', 'tools', tool))).toEqual({
      name: 'a',
      inputSchema: { type: 'object' },
      annotations: { title: 'A' },
    });
    const titled = '{"name":"a","title":"A","annotations":{"title":"own"},"inputSchema":{"type":"object"}}';
    expect(JSON.parse(adaptItem('2025-03-26', '2025-11-25', 'tools', titled)).annotations).toEqual({
      title: 'own',
    });
    const prompt = '{"title":"P","name":"p","arguments":[{"title":"B","name":"b"},{"name":"c"}]}';
    expect(adaptItem('2025-03-26', '2025-11-25', 'prompts', prompt)).toBe(
      '{"name":"p","arguments":[{"name":"b"},{"name":"c"}]}',
    );
    for (const [kind, uri] of [
      ['resources', 'uri'],
      ['resourceTemplates', 'uriTemplate'],
    ] as const)
      expect(adaptItem('2024-11-05', '2025-11-25', kind, `{"${uri}":"a://b","name":"b","title":"B"}`)).toBe(
        `{"${uri}":"a://b","name":"b"}`,
      );
  });

  it('are the same text where they have nothing new', () => {
    const prompt = '{ "name":"p", "description":"d" }';
    expect(adaptItem('2024-11-05', '2025-11-25', 'prompts', prompt)).toBe(prompt);
  });
});
