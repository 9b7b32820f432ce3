/** Text to tests: checked against the schema of test files, and against the configuration that they are about. */
import { type Offer, type OfferedItem, type Offers, offersOf } from '../../policies/trace/offers.ts';
import type { TracedTarget } from '../../policies/trace/request.ts';
import { resolveRequest, type WantedCaller } from '../../policies/trace/resolve.ts';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { Lock } from '../../schema/lock/lock.ts';
import type { TestFile } from '../../schema/test-file/test-file.ts';
import { createFindings } from '../diagnostics/findings.ts';
import type { Report } from '../diagnostics/report.ts';
import { sortDiagnostics } from '../diagnostics/sort.ts';
import { instantMs } from '../parse/format/date-time.ts';
import { TESTS_SCHEMA } from '../parse/schema.ts';
import { checkShape } from '../parse/shape.ts';
import { validateTests } from '../parse/shape-validator.generated.js';
import { decode } from '../source/decode.ts';
import { readYaml } from '../source/read-yaml.ts';
import { sourceFile, spanOf } from '../source/source-file.ts';
import { anchorPlaceAt, plainData, type SourceMap } from '../source/tree.ts';
import { checkCases } from './check-cases.ts';
import { checkNames } from './check-names.ts';
import type { TestCase, TestSuite } from './suite.ts';

type Case = TestFile['cases'][number];

/** What tests are about. */
export interface TestedProject {
  readonly graph: Graph;
  readonly lock: Lock | undefined;
}

export interface ReadSuite {
  /** Absent if there was an error. */
  readonly suite: TestSuite | undefined;
  /** Sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
}

const DEFAULT_CLOCK = '2026-01-01T00:00:00Z';

const LISTS = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  templates: 'resourceTemplates',
} as const;

const namedItems = (names: readonly string[] | undefined): readonly OfferedItem[] | undefined =>
  names?.map((name) => ({ name, definition: {} }));

const offerOf = ({
  tools,
  prompts,
  resources,
  templates,
}: NonNullable<TestFile['upstreams']>[string]): Offer => {
  const offer = {
    tools: tools?.map(({ name, annotations }) => ({
      name,
      definition: annotations === undefined ? {} : { annotations },
    })),
    prompts: namedItems(prompts),
    resources: namedItems(resources),
    resourceTemplates: namedItems(templates),
  };
  return Object.fromEntries(Object.entries(offer).filter(([, items]) => items !== undefined));
};

const givenOffers = ({ upstreams = {} }: TestFile): Offers =>
  new Map(Object.entries(upstreams).map(([name, offer]) => [name, offerOf(offer)]));

const callerOf = ({ principals = {} }: TestFile, { as }: Case): WantedCaller => {
  const principal = as === undefined ? undefined : principals[as];
  if (principal === undefined) return { kind: 'nobody' };
  const { identity, claims, key } = principal;
  if (key !== undefined) return { kind: 'key', identity, id: key };
  return { kind: 'claims', identity, claims: claims ?? {} };
};

/** Names to look for in lists: all that the file asks for or expects. */
const namesIn = ({ cases }: TestFile): readonly string[] => [
  ...new Set(
    cases.flatMap(
      ({ call, prompt, read, expect: { tools = [], prompts = [], resources = [], templates = [] } }) =>
        [call, prompt, read, ...tools, ...prompts, ...resources, ...templates].filter(
          (name) => name !== undefined,
        ),
    ),
  ),
];

const targetOf = ({ call, prompt, read, list, args = {} }: Case, names: readonly string[]): TracedTarget => {
  if (call !== undefined) return { kind: 'tool', name: call, args };
  if (prompt !== undefined) return { kind: 'prompt', name: prompt, args };
  if (read !== undefined) return { kind: 'resource', uri: read };
  return { kind: 'list', list: LISTS[list as keyof typeof LISTS], names };
};

const lowerHeaders = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const caseOf = (
  data: TestFile,
  index: number,
  names: readonly string[],
  graph: Graph,
  tree: SourceMap,
): TestCase => {
  const one = data.cases[index]!;
  const request = resolveRequest(graph, {
    server: one.server,
    listener: one.listener,
    caller: callerOf(data, one),
    target: targetOf(one, names),
    from: one.from ?? data.from,
    headers: lowerHeaders(one.headers ?? {}),
    nowMs: instantMs(one.clock ?? data.clock ?? DEFAULT_CLOCK)!,
    era: one.era as 'modern' | 'legacy' | undefined,
  });
  if ('what' in request) throw new Error(`a test of an unknown ${request.what} was not reported`);
  const span = spanOf(anchorPlaceAt(tree, ['cases', index, 'name']));
  return { name: one.name, span, request, expect: one.expect };
};

const readTree = (path: string, bytes: Uint8Array | undefined, report: Report): SourceMap | undefined => {
  if (bytes === undefined) {
    report('GW0001', { file: sourceFile(path, ''), start: 0, end: 0 }, { path, why: undefined });
    return undefined;
  }
  const file = decode(path, bytes, report);
  const root = file && readYaml(file, report);
  if (root === undefined) return undefined;
  const { tree, faults } = checkShape(root, { schema: TESTS_SCHEMA, validate: validateTests }, report);
  return faults.length > 0 ? undefined : tree;
};

/** Reads a file of tests. `bytes` are undefined if it cannot be read. Never throws for what it holds. */
export const readSuite = (
  path: string,
  bytes: Uint8Array | undefined,
  { graph, lock }: TestedProject,
): ReadSuite => {
  const findings = createFindings();
  const tree = readTree(path, bytes, findings.report);
  let suite: TestSuite | undefined;
  if (tree !== undefined) {
    const data = plainData(tree) as TestFile;
    const offers = offersOf(graph, lock, givenOffers(data));
    checkNames({ data, tree, graph }, findings.report);
    if (!findings.hasErrors()) checkCases({ data, tree, graph, offers }, findings.report);
    if (!findings.hasErrors()) {
      const names = namesIn(data);
      const cases = data.cases.map((_, index) => caseOf(data, index, names, graph, tree));
      suite = { file: path, name: data.suite ?? path, offers, cases };
    }
  }
  // No command mends files of tests: a fix would be offered in vain.
  const diagnostics = findings.all().map((finding) => ({ ...finding, fixes: [] }));
  return { suite, diagnostics: sortDiagnostics(diagnostics, [{ path }]) };
};
