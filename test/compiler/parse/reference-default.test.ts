import { describe, expect, it } from 'vitest';
import { compileInMemory, findingsOf } from '../compose/files-in-memory.ts';

const BASE = (upstream: string): string => `version: 1
listeners:
  main: { bind: 127.0.0.1:8080 }
servers:
  tools:
    at: [{ listener: main }]
    anonymous: true
    expose: [{ upstream: tracker }]
upstreams:
  tracker:
    type: http
    ${upstream}
`;

const messages = (upstream: string): readonly string[] =>
  compileInMemory({ 'gateway.yaml': BASE(upstream) }).diagnostics.map(
    ({ code, message }) => `${code} ${message}`,
  );

const URL = 'endpoints: [https://a.example/mcp]';

describe('the default of a reference', () => {
  it.each([
    [`${URL}\n    timeouts: { call: "\${env:A:-soon}" }`, 'is no duration such as `30s`'],
    [`${URL}\n    resultBytes: "\${env:A:-4}"`, undefined],
    [`${URL}\nsessions: { max: "\${env:A:-0}" }`, 'is below 1'],
    [`${URL}\nsessions: { max: "\${env:A:-many}" }`, 'is no whole number'],
    [`endpoints: ["\${env:A:-ftp://a}"]`, /is no URL/],
    [`endpoints: ["https://\${env:HOST:-a b}/mcp"]`, /is no URL/],
    [`${URL}\n    headers: { set: { x-a: "\${env:A:-a\\nb: c}" } }`, 'has a line break or a NUL in it'],
  ])('is judged by the type of its field: %s', (upstream, problem) => {
    const found = messages(upstream).filter((message) => message.startsWith('GW3033'));
    if (problem === undefined) expect(found).toEqual([]);
    else
      expect(found.join()).toMatch(
        problem instanceof RegExp ? problem : new RegExp(problem.replaceAll('`', '.')),
      );
  });

  it('is right where the field would take it, with the text around it', () => {
    expect(
      messages(
        `endpoints: ["https://\${env:HOST:-a.example}:\${env:PORT:-443}/mcp"]\n    timeouts: { call: "\${env:CALL:-90}s" }`,
      ),
    ).toEqual([]);
  });

  it('is not judged beside a variable without one', () => {
    expect(messages('endpoints: ["${env:SCHEME}://${env:HOST:-a b}/mcp"]')).toEqual([]);
  });

  it('is pointed at inside its text', () => {
    const text = BASE(`${URL}\n    timeouts: { call: "\${env:CALL:-soon}" }`);
    expect(findingsOf(compileInMemory({ 'gateway.yaml': text }))).toEqual([
      'error GW3033 gateway.yaml:13:36',
    ]);
  });
});
