import { describe, expect, test } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { type Offers, offersOf } from '../../../policies/trace/offers.ts';
import type { TracedTarget } from '../../../policies/trace/request.ts';
import { resolveRequest, type WantedCaller } from '../../../policies/trace/resolve.ts';
import { prepareTracer } from '../../../policies/trace/tracer.ts';

const SPEC = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'invoices', version: '1' },
  servers: [{ url: 'https://api.example.com' }],
  paths: {
    '/invoices': {
      get: { operationId: 'listInvoices', responses: {} },
      delete: { operationId: 'dropInvoices', responses: {} },
    },
  },
});

const tracerOf = (servers: string, rest: string, given?: Offers) => {
  const text = `version: 1
listeners: { local: { bind: "127.0.0.1:8080" } }
servers:
  desk:
    at: [{ listener: local, path: /mcp }]
${servers}
upstreams:
${rest}`;
  const files: Readonly<Record<string, string>> = { 'gateway.yaml': text, 'api.json': SPEC };
  const { compiled, diagnostics } = compile({
    main: 'gateway.yaml',
    read: (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
  });
  if (compiled === undefined) throw new Error(JSON.stringify(diagnostics));
  const { graph } = compiled;
  const trace = prepareTracer(graph, offersOf(graph, undefined, given));
  return (target: TracedTarget, caller: WantedCaller = { kind: 'nobody' }) => {
    const wanted = { server: undefined, listener: undefined, from: undefined, era: undefined };
    const request = resolveRequest(graph, { ...wanted, headers: {}, nowMs: 0, caller, target });
    if ('what' in request) throw new Error(`no ${request.what}`);
    return trace(request);
  };
};

const API = '  api: { type: openapi, spec: ./api.json, trust: { annotations: honour } }\n';
const HTTP = (name: string) => `  ${name}: { type: http, endpoints: ["https://${name}.example.com/mcp"] }\n`;
const call = (name: string): TracedTarget => ({ kind: 'tool', name, args: {} });
const list = (what: 'tools' | 'prompts', names: readonly string[] = []): TracedTarget => ({
  kind: 'list',
  list: what,
  names,
});
const listed = (trace: ReturnType<ReturnType<typeof tracerOf>>) => {
  const step = trace.steps.find((each) => each.step === 'list');
  return step?.step === 'list' ? step.items.map(({ name, decision }) => `${name}: ${decision.kind}`) : [];
};

describe('what upstreams offer', () => {
  test('is known of an API: tools that it does not have do not exist, and it has nothing else', () => {
    const trace = tracerOf('    anonymous: true\n    expose: [{ upstream: api, prefix: i_ }]', API);
    expect(trace(call('i_listInvoices')).verdict).toEqual({ kind: 'allowed' });
    expect(trace(call('i_getInvoice')).verdict).toMatchObject({
      by: 'expose',
      answer: { code: 'unknown_target' },
    });
    expect(listed(trace(list('tools', ['i_getInvoice'])))).toEqual([
      'i_listInvoices: allow',
      'i_dropInvoices: allow',
    ]);
    expect(trace(list('prompts')).verdict).toMatchObject({
      by: 'expose',
      answer: { code: 'method_not_found' },
    });
    expect(trace({ kind: 'resource', uri: 'x://y' }).verdict).toMatchObject({
      answer: { code: 'unknown_target' },
    });
  });

  test('is told to policies by annotations, where these are honoured', () => {
    const policies = 'policies:\n  safe: { type: cel, allow: tool.annotations.readOnlyHint }\n';
    const server = '    anonymous: true\n    expose: [{ upstream: api }]\n    policies: [safe]';
    const trace = tracerOf(server, API + policies);
    expect(trace(call('listInvoices')).verdict).toEqual({ kind: 'allowed' });
    expect(trace(call('dropInvoices')).verdict).toMatchObject({ kind: 'refused', by: 'safe' });
    const unbelieved = tracerOf(server, API.replace('honour', 'ignore') + policies);
    expect(unbelieved(call('listInvoices')).verdict).toMatchObject({ kind: 'refused', by: 'safe' });
  });

  test('is assumed where nothing tells: whatever the configuration lets through', () => {
    const trace = tracerOf(
      '    anonymous: true\n    expose: [{ upstream: one, tools: { allow: [a, "b_*"], rename: { b_x: c } } }]',
      HTTP('one'),
    );
    expect(trace(call('b_y')).steps).toContainEqual(
      expect.objectContaining({
        step: 'expose',
        upstream: 'one',
        tried: [expect.objectContaining({ offered: 'assumed' })],
      }),
    );
    expect(trace(call('b_x')).verdict).toMatchObject({ by: 'expose' });
    const told = trace(list('tools', ['b_z', 'd']));
    expect(listed(told)).toEqual(['a: allow', 'c: allow', 'b_z: allow']);
    expect(told.steps.at(-1)).toMatchObject({ unknown: ['one'] });
  });

  test('is what a test says it is', () => {
    const given: Offers = new Map([['one', { tools: [{ name: 'b_x', definition: {} }] }]]);
    const trace = tracerOf('    anonymous: true\n    expose: [{ upstream: one }]', HTTP('one'), given);
    expect(listed(trace(list('tools', ['b_y'])))).toEqual(['b_x: allow']);
    expect(trace(call('b_y')).verdict).toMatchObject({ by: 'expose' });
  });

  test('the first upstream that offers a name has it, before one that only may', () => {
    const given: Offers = new Map([['two', { tools: [{ name: 'x', definition: {} }] }]]);
    const trace = tracerOf(
      '    anonymous: true\n    expose: [{ upstream: one }, { upstream: two }]',
      HTTP('one') + HTTP('two'),
      given,
    );
    expect(trace(call('x')).steps.at(-1)).toMatchObject({ step: 'upstream', name: 'two' });
    expect(trace(call('y')).steps.at(-1)).toMatchObject({ step: 'upstream', name: 'one' });
  });
});

test('a credential is judged by the identities of the server alone', () => {
  const identity = 'identity:\n  staff: { type: jwt, issuer: "https://id.example.com" }\n';
  const both = tracerOf('    identity: [staff]\n    expose: [{ upstream: one }]', HTTP('one') + identity);
  expect(both(call('x')).verdict).toMatchObject({ by: 'identity', answer: { status: 401 } });
  const wrong = {
    kind: 'claims',
    identity: 'staff',
    claims: { sub: 'a', iss: 'https://other.example.com' },
  } as const;
  expect(both(call('x'), wrong).verdict).toMatchObject({ kind: 'refused', by: 'identity' });
  const nameless = { kind: 'claims', identity: 'staff', claims: {} } as const;
  expect(both(call('x'), nameless).verdict).toMatchObject({ by: 'staff', answer: { status: 401 } });
});

test('a reference counts as its default, and as nothing that is known without one', () => {
  const upstream = HTTP('one')
    .replace('" ] }', '"] }')
    .replace(/\}\n$/, ', timeouts: { call: "${env:CALL:-7s}", firstByte: "${env:FIRST}" } }\n');
  const trace = tracerOf('    anonymous: true\n    expose: [{ upstream: one }]', upstream);
  expect(trace(call('x')).steps.at(-1)).toMatchObject({ step: 'upstream', timeoutMs: 7000 });
});
