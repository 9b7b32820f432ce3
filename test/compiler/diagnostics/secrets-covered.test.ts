import { expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { renderPretty } from '../../../compiler/diagnostics/render/pretty.ts';

const SECRET = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';

it('shows no secret that it finds, nor one that stands on the line of another finding', () => {
  const text = `version: 1
listeners: { main: { bind: "127.0.0.1:8080" } }
servers: { a: { at: [{ listener: main, path: /mcp }], anonymous: true, expose: [{ upstream: u }] } }
upstreams: { u: { type: http, endpoints: ["http://127.0.0.1:1/mcp"], credentials: { type: bearer, token: ${SECRET} }, headers: { set: { x-key: "${SECRET}" } }, strange: 1 } }
`;
  const { diagnostics } = compile({
    main: 'gateway.yaml',
    read: (path) => (path.endsWith('gateway.yaml') ? Buffer.from(text) : undefined),
  });
  expect(diagnostics.map(({ code }) => code)).toEqual(expect.arrayContaining(['GW3032', 'GW1001']));
  const shown = renderPretty('gateway.yaml', diagnostics, { textOf: () => text, color: false });
  expect(shown).toContain('strange: 1');
  expect(shown).not.toContain(SECRET.slice(0, 12));
});
