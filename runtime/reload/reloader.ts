/** From a change to a new serving graph, or to the old one and the reason why. */
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { CompiledGraph, Graph, NodeId } from '../../schema/graph/graph.ts';
import type { CompileOutcome } from './compile.ts';
import type { CompileRequest } from './compile-messages.ts';
import { compileInPlace } from './compiler.ts';
import { effectiveHashes } from './effective-hash.ts';
import type { Fetched } from './elsewhere/source.ts';
import { NeedsRestart } from './needs-restart.ts';
import { type ReferenceProblem, resolveReferences } from './references.ts';
import type { ReloadCause, ReloadOutcome, ReloadResult } from './reload-result.ts';
import type { ReloaderOptions } from './reloader-options.ts';
import { hasChanged, type Snapshot, snapshotOf } from './snapshot.ts';
import { TryingAgain } from './trying-again.ts';

/** Where a reload is: one at a time, in this order. */
export type ReloadState =
  | 'idle'
  | 'settling'
  | 'fetching'
  | 'compiling'
  | 'resolving'
  | 'preparing'
  | 'swapping';

/** A graph with all that is needed to prepare a generation of it. */
export interface LoadedGraph {
  readonly graph: Graph;
  readonly artifactHash: string;
  readonly effectiveHash: string;
  /** Of each node with all that it refers to, values of references included: equal means that nothing changed. */
  readonly fingerprints: Readonly<Record<NodeId, string>>;
}

interface Serving {
  readonly artifactHash: string;
  readonly effectiveHash: string;
  readonly isFallback: boolean;
}

const NOTHING: Serving = { artifactHash: '', effectiveHash: '', isFallback: false };

interface Attempt {
  readonly result: ReloadOutcome;
  readonly diagnostics: readonly Diagnostic[];
  readonly textOf: (file: string) => string | undefined;
  readonly unresolved: readonly ReferenceProblem[];
  readonly error?: unknown;
}

/** How a compiled graph fared. */
type Brought = Pick<Attempt, 'result' | 'unresolved'>;

interface Queued extends PromiseWithResolvers<ReloadResult> {
  cause: ReloadCause;
}

/**
 * One reload at a time; what is asked meanwhile is answered by one more, which sees the newest files. One that failed and
 * that nobody is told of is tried again until it fares otherwise or another is asked for.
 */
export class Reloader<G> {
  readonly #options: ReloaderOptions<G>;
  #state: ReloadState = 'idle';
  #serving: Serving = NOTHING;
  #files: Snapshot = new Map();
  /** What was tried last of what came from elsewhere. */
  #fetched: Fetched | undefined;
  #last: ReloadResult | undefined;
  /** What the compiler took at the last attempt. */
  #compileMs = 0;
  #running: Promise<ReloadResult> | undefined;
  #queued: Queued | undefined;
  readonly #tryingAgain = new TryingAgain(() => void this.#start('watch'));
  #closed = false;

  constructor(options: ReloaderOptions<G>) {
    this.#options = options;
  }

  get state(): ReloadState {
    return this.#state;
  }

  /** The last attempt. */
  get last(): ReloadResult | undefined {
    return this.#last;
  }

  /** Shows that a change was seen and is waited for. */
  settling(): void {
    if (this.#state === 'idle') this.#state = 'settling';
  }

  /** Loads the files as they are now. Never rejects. After `close` nothing is loaded any more. */
  reload(cause: ReloadCause): Promise<ReloadResult> {
    this.#tryingAgain.startOver();
    if (this.#running === undefined) return this.#start(cause);
    if (this.#queued === undefined) this.#queued = { cause, ...Promise.withResolvers<ReloadResult>() };
    else if (this.#queued.cause === 'watch') this.#queued.cause = cause;
    return this.#queued.promise;
  }

  /** As `reload`, once no other is under way; undefined, and nothing is loaded, if that is not wanted by then. */
  async reloadIf(cause: ReloadCause, isWanted: () => boolean): Promise<ReloadResult | undefined> {
    while (this.#running !== undefined) await this.#running;
    return isWanted() ? await this.reload(cause) : undefined;
  }

  /** Resolves when the reload under way has ended, which brings nothing to serve any more; no other begins. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#tryingAgain.startOver();
    await this.#options.compiler?.close();
    await this.#running;
  }

  #start(cause: ReloadCause): Promise<ReloadResult> {
    this.#running = this.#run(cause).then((result) => {
      const queued = this.#queued;
      this.#queued = undefined;
      this.#running = undefined;
      if (queued !== undefined) void this.#start(queued.cause).then(queued.resolve);
      return result;
    });
    return this.#running;
  }

  async #run(cause: ReloadCause): Promise<ReloadResult> {
    const startedMs = performance.now();
    const isDone = this.#closed || (cause === 'watch' && (await this.#isLoaded()));
    if (isDone && this.#last !== undefined) {
      this.#state = 'idle';
      this.#options.onFiles?.(this.#files);
      return this.#last;
    }
    this.#compileMs = 0;
    const attempt = await this.#attempt(cause);
    const result: ReloadResult = {
      ...attempt,
      ...this.#serving,
      cause,
      atMs: Date.now(),
      durationMs: performance.now() - startedMs,
      compileMs: this.#compileMs,
    };
    this.#last = result;
    if (this.#isWorthAnother(result)) this.#tryingAgain.later();
    this.#state = 'idle';
    this.#options.onResult(result);
    this.#options.onFiles?.(this.#files);
    return result;
  }

  /** What could not be fetched is asked for again by whoever looks after its source; a request is told how it fared. */
  #isWorthAnother({ result, cause }: ReloadResult): boolean {
    return (
      result === 'failed' &&
      (cause === 'watch' || cause === 'signal') &&
      this.#state !== 'fetching' &&
      this.#queued === undefined &&
      !this.#closed
    );
  }

  /** Whether the reload that was under way when a change was seen has loaded it already. */
  async #isLoaded(): Promise<boolean> {
    if (this.#last?.result === 'failed') return false;
    if (this.#options.elsewhere?.current !== this.#fetched) return false;
    return !(await hasChanged(this.#files));
  }

  async #attempt(cause: ReloadCause): Promise<Attempt> {
    const before = this.#files;
    let found: Pick<CompileOutcome, 'diagnostics' | 'textOf'> = { diagnostics: [], textOf: () => undefined };
    try {
      const away = await this.#fetch(cause);
      if (away !== undefined) return await this.#withoutSource(cause, away.error);
      this.#state = 'compiling';
      const { overlays, trust, elsewhere } = this.#options;
      const fetched = this.#fetched;
      const main = fetched?.main ?? this.#options.file;
      const startedMs = performance.now();
      const request = { main, overlays, trust, fetched: fetched?.fetched };
      const outcome = await this.#compile(request, cause);
      const { compiled, diagnostics, files, textOf, artifact } = outcome;
      this.#compileMs = performance.now() - startedMs;
      found = { diagnostics, textOf };
      if (compiled !== undefined) {
        const brought = await this.#bring(compiled, files);
        if (brought.result === 'applied') this.#options.onAccepted?.(artifact);
        if (brought.result === 'applied' && fetched !== undefined) elsewhere?.served(fetched);
        return { ...brought, ...found };
      }
      this.#files = files;
      const fallback = cause === 'start' ? this.#options.fallback?.() : undefined;
      if (fallback !== undefined) return { ...(await this.#bring(fallback, files, true)), ...found };
      return { result: 'rejected', unresolved: [], ...found };
    } catch (error) {
      // Where it failed before its files were known: what is there now was tried, only other bytes are worth more.
      if (this.#files === before) this.#files = await snapshotOf([...this.#named(), ...this.#files.keys()]);
      const result = error instanceof NeedsRestart ? 'rejected' : 'failed';
      return { result, unresolved: [], error, ...found };
    }
  }

  async #compile(request: CompileRequest, cause: ReloadCause): Promise<CompileOutcome> {
    const { compiler } = this.#options;
    if (compiler === undefined) return compileInPlace(request);
    const known = new Set([...this.#named(), ...this.#files.keys()]);
    return await compiler.compile(request, known, cause !== 'start');
  }

  /**
   * Makes sure of what is to be compiled, where that is not on disk. Who saw a change has brought it already; everybody
   * else wants what is there now.
   */
  async #fetch(cause: ReloadCause): Promise<{ readonly error: unknown } | undefined> {
    const { elsewhere } = this.#options;
    if (elsewhere === undefined) return undefined;
    this.#state = 'fetching';
    try {
      const known = cause === 'watch' ? elsewhere.current : undefined;
      this.#fetched = known ?? (await elsewhere.fetch());
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  /** The source cannot be reached: what serves serves on, or at the start what was served last. */
  async #withoutSource(cause: ReloadCause, error: unknown): Promise<Attempt> {
    const found = { diagnostics: [], textOf: () => undefined, error };
    const fallback = cause === 'start' ? this.#options.fallback?.() : undefined;
    if (fallback !== undefined) return { ...(await this.#bring(fallback, new Map(), true)), ...found };
    this.#files = await snapshotOf(this.#files.keys());
    return { result: 'failed', unresolved: [], ...found };
  }

  /** From a compiled graph to a serving one. */
  async #bring(compiled: CompiledGraph, files: Snapshot, isFallback = false): Promise<Brought> {
    const { env, file, elsewhere, prepare, discard, swap } = this.#options;
    this.#state = 'resolving';
    // Only its folder counts.
    const main = elsewhere === undefined ? resolve(file) : join(elsewhere.baseDirectory, 'gateway.yaml');
    const resolution = await resolveReferences(compiled.graph, { env, main });
    this.#files = new Map([...files, ...resolution.files]);
    const { graph, problems, values } = resolution;
    if (graph === undefined) return { result: 'rejected', unresolved: problems };
    const hashes = await effectiveHashes(compiled, graph, values);
    if (hashes.effectiveHash === this.#serving.effectiveHash) {
      this.#serving = { ...this.#serving, isFallback };
      return { result: 'unchanged', unresolved: [] };
    }
    this.#state = 'preparing';
    this.#assertOpen();
    const prepared = await prepare({ graph, artifactHash: compiled.hash, ...hashes });
    if (this.#closed) await discard(prepared);
    this.#assertOpen();
    this.#state = 'swapping';
    await swap(prepared);
    this.#serving = { artifactHash: compiled.hash, effectiveHash: hashes.effectiveHash, isFallback };
    return { result: 'applied', unresolved: [] };
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('the gateway ends');
  }

  /** The files that are read whatever the others hold. */
  #named(): readonly string[] {
    const { file, overlays, elsewhere } = this.#options;
    return elsewhere === undefined ? [file, ...overlays].map((path) => resolve(path)) : [];
  }
}
