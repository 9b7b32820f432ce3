/** The thread that compiles: the entry of its program. */
import assert from 'node:assert/strict';
import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { type CompileOutcome, compileFile } from './compile.ts';
import type { FromCompiler, PackedArtifact, ToCompiler } from './compile-messages.ts';
import { hostOf } from './fetched-files.ts';
import { GraphTeller, transferOf } from './told-graph.ts';

/** Requests come first where there are fewer cores than threads, yet a flood leaves a compile a tenth of a core. */
const NICENESS = 10;

assert.ok(parentPort !== null, 'this program runs in a thread');
const port = parentPort;
/** Never up: a process that was given less of the processor may not take it back. */
const stepBack = (): void => {
  try {
    if (getPriority() < NICENESS) setPriority(NICENESS);
  } catch {
    // A sandbox may forbid it: compiles are then as important as requests.
  }
};

// Of the calling thread on Linux; elsewhere of the whole process.
if (process.platform === 'linux') stepBack();

/** Linux lets even the lowest priority go on for some milliseconds once it has begun, unless it rests by itself. */
const REST_MS = 0.05;
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const rest = (): void => void Atomics.wait(never, 0, 0, REST_MS);

const graphs = new GraphTeller();

const filesIn = (diagnostics: readonly Diagnostic[]): ReadonlySet<string> =>
  new Set(
    diagnostics
      .flatMap(({ span, labels }) => [span, ...labels.map((label) => label.span)])
      .map(({ file }) => file),
  );

const pack = (artifact: CompileOutcome['artifact'], version: string): PackedArtifact | undefined => {
  const made = artifact(version);
  return made && { hash: made.hash, signature: made.signature, bytes: new TextEncoder().encode(made.text) };
};

const compile = ({ main, overlays, trust, fetched, version }: ToCompiler): void => {
  const host = fetched && hostOf(fetched);
  const { compiled, diagnostics, files, textOf, artifact } = compileFile(main, overlays, trust, host, rest);
  rest();
  const packed = pack(artifact, version);
  rest();
  const named = [...filesIn(diagnostics)].map((file) => [file, textOf(file)] as const);
  const told = compiled && graphs.tell(compiled);
  const message: FromCompiler = {
    kind: 'compiled',
    compiled: compiled && told && { hash: compiled.hash, sources: compiled.sources, told },
    artifact: packed,
    diagnostics,
    files,
    texts: new Map(named.flatMap(([file, text]) => (text === undefined ? [] : [[file, text]]))),
  };
  const transferred = told === undefined ? [] : [...transferOf(told)];
  if (packed) transferred.push(packed.bytes.buffer as ArrayBuffer);
  port.postMessage(message, transferred);
};

port.on('message', (request: ToCompiler) => {
  try {
    compile(request);
  } catch (thrown) {
    const { message, code } = thrown as NodeJS.ErrnoException;
    port.postMessage({ kind: 'failed', message, code } satisfies FromCompiler);
  }
});
