/** Compiles a gateway with one `openapi` upstream, whose document a test makes up. */
import { type CompileResult, compile } from '../../../compiler/compile.ts';
import type { OpenApiOperationNode, OpenApiUpstreamNode } from '../../../schema/graph/upstream.ts';

/** Members of the document beside `openapi`, `info` and `servers`, which may be given too. */
export type DocumentMembers = Readonly<Record<string, unknown>>;

const gateway = (options: string): string => `version: 1
listeners:
  main: { bind: 127.0.0.1:8080 }
servers:
  tools: { at: [{ listener: main }], anonymous: true, expose: [{ upstream: api }] }
upstreams:
  api: { type: openapi, spec: ./api.json${options} }
`;

/** Compiles a document, as JSON; `options` are more keys of the upstream in flow style. */
export const compileDocument = (document: DocumentMembers | string, options = ''): CompileResult => {
  const whole = {
    openapi: '3.1.0',
    info: { title: 'Test', version: '1' },
    servers: [{ url: 'https://api.example.com' }],
  };
  const text = typeof document === 'string' ? document : JSON.stringify({ ...whole, ...document });
  const name = typeof document === 'string' ? 'api.yaml' : 'api.json';
  return compile({
    main: 'gateway.yaml',
    read: (path) => {
      if (path === 'gateway.yaml') return Buffer.from(gateway(options).replace('api.json', name));
      return path === name ? Buffer.from(text) : undefined;
    },
  });
};

/** The upstream's node. Throws with the findings if there is none. */
export const nodeOf = ({ compiled, diagnostics }: CompileResult): OpenApiUpstreamNode => {
  const node = compiled?.graph.upstreams.api;
  if (node?.type !== 'openapi') throw new Error(JSON.stringify(diagnostics, null, 2));
  return node;
};

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was made
export type Tool = any;

/** The tools of a document, by name. */
export const toolsOf = (
  document: DocumentMembers | string,
  options?: string,
): Readonly<Record<string, Tool>> =>
  Object.fromEntries(
    nodeOf(compileDocument(document, options)).operations.map(({ name, tool }) => [name, JSON.parse(tool)]),
  );

/** The only operation of a document. */
export const operationOf = (document: DocumentMembers, options?: string): OpenApiOperationNode =>
  nodeOf(compileDocument(document, options)).operations[0]!;

/** `paths` with one operation. */
export const onePath = (operation: object, path = '/things', method = 'get'): DocumentMembers => ({
  paths: { [path]: { [method]: { operationId: 'things', responses: {}, ...operation } } },
});

/** `paths` with one operation whose JSON body has this schema. */
export const withBody = (schema: unknown): DocumentMembers =>
  onePath({ requestBody: { content: { 'application/json': { schema } } } }, '/things', 'post');
