/** Compiles where nobody waits for it: at once what is small, in a thread of its own whatever takes longer. */
import { stat } from 'node:fs/promises';
import { Worker as Thread } from 'node:worker_threads';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import { type CompileOutcome, compileFile, compileSmall } from './compile.ts';
import type { CompileRequest, FromCompiler, ToCompiler } from './compile-messages.ts';
import { hostOf } from './fetched-files.ts';
import { isFolderKey } from './snapshot.ts';
import { GraphHearer } from './told-graph.ts';
import { TurnTaking } from './turn-taking.ts';

/** The program of the thread: beside this file in the sources, beside the bundle once built. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? './compile-thread.ts' : './compile-thread.js',
  import.meta.url,
);

/** So many bytes take some milliseconds; starting a thread takes longer, of memory too. */
const SMALL_BYTES = 8 * 1024;
/** As long as nobody is served, nobody waits but for the start; of more, what the compiler leaves behind weighs more. */
const SMALL_BYTES_AT_START = 256 * 1024;
/** Edits come in series; after them the thread gives back its memory. */
const IDLE_MS = 10_000;

interface Compiling {
  readonly thread: Thread;
  readonly graphs: GraphHearer;
}

const sizeOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
};

/** Of what is to be compiled, as far as it is known: it may name files now that it did not name before. */
const bytesOf = async ({ fetched }: CompileRequest, known: Iterable<string>): Promise<number> => {
  if (fetched?.kind === 'commit') return Number.POSITIVE_INFINITY;
  if (fetched !== undefined)
    return fetched.files.values().reduce((sum, bytes) => sum + (bytes?.byteLength ?? 0), 0);
  let sum = 0;
  for (const path of known) if (!isFolderKey(path)) sum += await sizeOf(path);
  return sum;
};

/** On the thread that asks, before it goes on. */
export const compileInPlace = ({ main, overlays, trust, fetched }: CompileRequest): CompileOutcome =>
  compileFile(main, overlays, trust, fetched && hostOf(fetched));

const compileSmallInPlace = (
  { main, overlays, trust, fetched }: CompileRequest,
  maxBytes: number,
): CompileOutcome | undefined => compileSmall(maxBytes, main, overlays, trust, fetched && hostOf(fetched));

/** One compile at a time. */
export class Compiler {
  readonly #version: string;
  #compiling: Compiling | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(version: string) {
    this.#version = version;
  }

  /**
   * Compiles what was asked for; `known` are the files that it was made of before, `serves` whether anybody waits
   * meanwhile. Rejects with what keeps it from being compiled at all.
   */
  async compile(request: CompileRequest, known: Iterable<string>, serves: boolean): Promise<CompileOutcome> {
    const maxBytes = serves ? SMALL_BYTES : SMALL_BYTES_AT_START;
    const here = (await bytesOf(request, known)) <= maxBytes && compileSmallInPlace(request, maxBytes);
    if (here) return here;
    clearTimeout(this.#idle);
    const compiling = this.#compiling ?? this.#start();
    try {
      const told = await ask(compiling.thread, { ...request, version: this.#version });
      return await outcomeOf(told, compiling.graphs);
    } finally {
      this.#idle = setTimeout(() => void this.close(), IDLE_MS);
      this.#idle.unref();
    }
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const compiling = this.#compiling;
    this.#compiling = undefined;
    await compiling?.thread.terminate();
  }

  #start(): Compiling {
    const thread = new Thread(PROGRAM, { name: 'compile', stdout: false, stderr: false });
    const compiling = { thread, graphs: new GraphHearer() };
    // Whoever asks is told; between compiles nobody is, and the gateway must not end of it.
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      if (this.#compiling === compiling) this.#compiling = undefined;
    });
    this.#compiling = compiling;
    return compiling;
  }
}

/** Rejects if the thread ends before it answers. */
const ask = async (thread: Thread, request: ToCompiler): Promise<FromCompiler> => {
  const { promise, resolve, reject } = Promise.withResolvers<FromCompiler>();
  const onExit = (): void => reject(new Error('the thread that compiles ended'));
  thread.once('message', resolve).once('error', reject).once('exit', onExit);
  thread.postMessage(request);
  try {
    return await promise;
  } finally {
    thread.off('message', resolve).off('error', reject).off('exit', onExit);
  }
};

const outcomeOf = async (told: FromCompiler, graphs: GraphHearer): Promise<CompileOutcome> => {
  if (told.kind === 'failed') throw Object.assign(new Error(told.message), { code: told.code });
  const { diagnostics, files, texts, artifact } = told;
  return {
    compiled: await compiledOf(told.compiled, graphs),
    diagnostics,
    files,
    textOf: (file) => texts.get(file),
    artifact: () => {
      if (artifact === undefined) return undefined;
      const { hash, signature, bytes } = artifact;
      return { hash, signature, text: new TextDecoder().decode(bytes) };
    },
  };
};

const compiledOf = async (
  compiled: Extract<FromCompiler, { kind: 'compiled' }>['compiled'],
  graphs: GraphHearer,
): Promise<CompiledGraph | undefined> => {
  if (compiled === undefined) return undefined;
  const { told, hash, sources } = compiled;
  return { hash, sources, ...(await graphs.hear(told, new TurnTaking())) };
};
