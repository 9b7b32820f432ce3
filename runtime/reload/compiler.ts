/** Compiles where nobody waits for it: in a thread of its own, but for small edits, as long as there are few of them. */
import { stat } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
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
/** So many small ones in a row, and then one each so often, are so few that the slowest hundredth of calls meets others. */
const SMALL_IN_A_ROW = 8;
const SMALL_EVERY_MS = 2_000;
/** As long as nobody is served, nobody waits but for the start; of more, what the compiler leaves behind weighs more. */
const SMALL_BYTES_AT_START = 256 * 1024;
/** Edits come in series, which callers must not notice; after them the thread gives back its memory. */
const IDLE_MS = 10_000;
/**
 * What the thread may have before its engine marks what is alive. That is done by helpers which all threads share, and
 * which come before no request: in most series it is never due.
 */
const UNMARKED_MB = 256;

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
  /** When all small ones that were compiled in place will have been paid for. */
  #paidMs = 0;

  constructor(version: string) {
    this.#version = version;
  }

  /**
   * Compiles what was asked for; `known` are the files that it was made of before, `serves` whether anybody waits
   * meanwhile. Rejects with what keeps it from being compiled at all.
   */
  async compile(request: CompileRequest, known: Iterable<string>, serves: boolean): Promise<CompileOutcome> {
    const here = this.#compiling === undefined && (await this.#inPlace(request, known, serves));
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

  async #inPlace(
    request: CompileRequest,
    known: Iterable<string>,
    serves: boolean,
  ): Promise<CompileOutcome | undefined> {
    const maxBytes = serves ? SMALL_BYTES : SMALL_BYTES_AT_START;
    if ((await bytesOf(request, known)) > maxBytes || (serves && !this.#mayPay())) return undefined;
    return compileSmallInPlace(request, maxBytes);
  }

  #mayPay(): boolean {
    const nowMs = performance.now();
    const paidMs = Math.max(nowMs, this.#paidMs) + SMALL_EVERY_MS;
    if (paidMs - nowMs > SMALL_IN_A_ROW * SMALL_EVERY_MS) return false;
    this.#paidMs = paidMs;
    return true;
  }

  #start(): Compiling {
    // Read as a thread begins. One of those that serve, should it begin in the same moment, is none the worse for it.
    setFlagsFromString(`--initial-old-space-size=${UNMARKED_MB}`);
    const settle = (): void => setFlagsFromString('--initial-old-space-size=0');
    const thread = begin(settle);
    thread.once('online', settle).once('exit', settle);
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

/** Calls `onFailed` where it throws. */
const begin = (onFailed: () => void): Thread => {
  try {
    return new Thread(PROGRAM, { name: 'compile', stdout: false, stderr: false });
  } catch (thrown) {
    onFailed();
    throw thrown;
  }
};

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
