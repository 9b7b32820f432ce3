/** `gatewright check --online`: what only this machine and its network can tell of a sound configuration. */
import { resolve } from 'node:path';
import type { CompileResult } from '../compiler/compile.ts';
import { diagnosticAt } from '../compiler/diagnostics/report.ts';
import { sortDiagnostics } from '../compiler/diagnostics/sort.ts';
import { resolveReferences } from '../runtime/reload/references.ts';
import type { Diagnostic, Span } from '../schema/diagnostic.ts';
import type { Graph } from '../schema/graph/graph.ts';
import type { CommandIo } from './io.ts';
import { tryBind } from './online/bindable.ts';
import type { OnlineFinding } from './online/finding.ts';
import { askIssuer } from './online/issuer.ts';
import { askUpstream } from './online/upstream.ts';
import { partOf } from './part-of-graph.ts';

type Probe = () => Promise<readonly OnlineFinding[]>;

/** What one step of a probe may take: to find a host, to connect, to be answered twice that. */
const WAIT_MS = 5_000;

/** Probes that run at the same time. */
const MAX_RUNNING = 8;

const one = async (probe: Promise<OnlineFinding | undefined>): Promise<readonly OnlineFinding[]> => {
  const finding = await probe;
  return finding === undefined ? [] : [finding];
};

interface Host {
  readonly env: CommandIo['env'];
  readonly main: string;
}

/** The part of the graph with its values; undefined where one is missing, which is told once for all. */
const resolved = async (part: Graph, host: Host): Promise<Graph | undefined> =>
  (await resolveReferences(part, host)).graph;

const probesOf = (
  graph: Graph,
  { lock }: CompileResult,
  main: string,
  io: CommandIo,
  waitMs: number,
): readonly Probe[] => {
  const host = { env: io.env, main: resolve(io.cwd, main) };
  const references: Probe = async () => {
    const { problems } = await resolveReferences(graph, host);
    return problems.map(({ field, reference, reason }) => ({
      code: 'GW5000',
      path: field.split('.'),
      data: { reference, reason },
    }));
  };
  const issuers = Object.entries(graph.identities).map(
    ([name, node]): Probe =>
      async () => {
        const part = await resolved(partOf(graph, { identities: { [name]: node } }), host);
        const identity = part?.identities[name];
        return identity?.type === 'jwt' ? one(askIssuer(identity, waitMs)) : [];
      },
  );
  const upstreams = Object.entries(graph.upstreams).map(
    ([name, node]): Probe =>
      async () => {
        const part = await resolved(partOf(graph, { upstreams: { [name]: node } }), host);
        return part === undefined
          ? []
          : one(askUpstream(part.upstreams[name]!, { graph, main, lock, io, waitMs }));
      },
  );
  const listeners = Object.values(graph.listeners).map(
    (node): Probe =>
      () =>
        one(tryBind(node)),
  );
  return [references, ...listeners, ...issuers, ...upstreams];
};

const runAll = async (probes: readonly Probe[]): Promise<readonly OnlineFinding[]> => {
  const found: OnlineFinding[] = [];
  const waiting = probes.values();
  const work = async (): Promise<void> => {
    for (const probe of waiting) found.push(...(await probe()));
  };
  await Promise.all(Array.from({ length: MAX_RUNNING }, work));
  return found;
};

/** Where the finding's path is written, or the nearest above it that is. */
const spanOf = ({ path }: OnlineFinding, { placeOf }: CompileResult, main: string): Span => {
  for (let length = path.length; length > 0; length -= 1) {
    const span = placeOf(path.slice(0, length));
    if (span !== undefined) return span;
  }
  return { file: main, line: 1, column: 1, endLine: 1, endColumn: 1, offset: 0, endOffset: 0 };
};

/**
 * The findings of a compile without errors, and those that its surroundings add. Each probe has a deadline of its own;
 * nothing is called, and what was opened or started is ended before it settles.
 */
export const checkOnline = async (
  result: CompileResult,
  main: string,
  io: CommandIo,
  waitMs = WAIT_MS,
): Promise<readonly Diagnostic[]> => {
  const { compiled, diagnostics, sources } = result;
  if (compiled === undefined) return diagnostics;
  const found = await runAll(probesOf(compiled.graph, result, main, io, waitMs));
  const told = found.map((finding) =>
    diagnosticAt(finding.code, spanOf(finding, result, main), finding.data as never),
  );
  return sortDiagnostics([...diagnostics, ...told], sources);
};
