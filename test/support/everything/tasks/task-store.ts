import { randomUUID } from 'node:crypto';

/** What a tool run yields: a tool result, or a throw that becomes a protocol error. */
export type TaskWork = (task: TaskRun) => Promise<Readonly<Record<string, unknown>>>;

export type InputRequests = Readonly<Record<string, unknown>>;

/** What work may do besides working. */
export interface TaskRun {
  readonly signal: AbortSignal;
  /** Asks the client and waits until every key has an answer. */
  ask(requests: InputRequests): Promise<Readonly<Record<string, unknown>>>;
}

type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** One task of SEP-2663. */
export class StoredTask implements TaskRun {
  readonly taskId = randomUUID();
  readonly #createdAt = new Date().toISOString();
  readonly #abort = new AbortController();
  #status: Status = 'working';
  #lastUpdatedAt = this.#createdAt;
  #outcome: Readonly<Record<string, unknown>> = {};
  #pending = new Map<string, unknown>();
  #answers: Record<string, unknown> = {};
  #answered: ((answers: Readonly<Record<string, unknown>>) => void) | undefined;

  constructor(work: TaskWork) {
    work(this).then(
      (result) => this.#end('completed', { result }),
      (thrown: Error) => this.#end('failed', { error: { code: -32603, message: thrown.message } }),
    );
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  ask(requests: InputRequests): Promise<Readonly<Record<string, unknown>>> {
    this.#pending = new Map(Object.entries(requests));
    this.#answers = {};
    this.#move('input_required');
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  /** Takes answers; keys that nobody asked for are ignored. */
  update(responses: Readonly<Record<string, unknown>>): void {
    for (const [key, response] of Object.entries(responses))
      if (this.#pending.delete(key)) this.#answers[key] = response;
    if (this.#status !== 'input_required' || this.#pending.size > 0) return;
    this.#move('working');
    this.#answered?.(this.#answers);
  }

  cancel(): void {
    this.#end('cancelled', {});
    this.#abort.abort();
  }

  /** What `tools/call` answers. */
  created(): Readonly<Record<string, unknown>> {
    return {
      taskId: this.taskId,
      status: this.#status,
      createdAt: this.#createdAt,
      lastUpdatedAt: this.#lastUpdatedAt,
      ttlMs: 60_000,
      pollIntervalMs: 200,
    };
  }

  /** What `tasks/get` answers. */
  detailed(): Readonly<Record<string, unknown>> {
    const asked = this.#pending.size === 0 ? {} : { inputRequests: Object.fromEntries(this.#pending) };
    return { ...this.created(), ...asked, ...this.#outcome };
  }

  #move(status: Status): void {
    this.#status = status;
    this.#lastUpdatedAt = new Date().toISOString();
  }

  #end(status: Status, outcome: Readonly<Record<string, unknown>>): void {
    if (this.#status === 'completed' || this.#status === 'failed' || this.#status === 'cancelled') return;
    this.#pending.clear();
    this.#outcome = outcome;
    this.#move(status);
  }
}
