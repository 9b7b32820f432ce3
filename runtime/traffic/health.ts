/** Whether one endpoint is there, judged by what calls and checks saw of it. */
import type { HealthNode } from '../../schema/graph/upstream.ts';

/** What the health of so many endpoints needs. */
export const healthBytes = (endpoints: number): number => endpoints * Int32Array.BYTES_PER_ELEMENT;

interface HealthOptions {
  /** Told by each thread, as soon as it knows. */
  readonly onChange: (healthy: boolean) => void;
  /** {@link healthBytes} zeros, or what other threads have made of them: what one sees of an endpoint, all know. */
  readonly memory?: ArrayBufferLike | undefined;
  /** Which of the endpoints it is. */
  readonly at?: number;
}

/** Healthy until `unhealthyAfter` failures in a row, and again with the first success. */
export class EndpointHealth {
  readonly #unhealthyAfter: number;
  readonly #onChange: (healthy: boolean) => void;
  /** Failures in a row. */
  readonly #failures: Int32Array;
  #wasHealthy = true;

  constructor(
    { unhealthyAfter }: Pick<HealthNode, 'unhealthyAfter'>,
    { onChange, memory, at = 0 }: HealthOptions,
  ) {
    this.#unhealthyAfter = unhealthyAfter;
    this.#onChange = onChange;
    this.#failures = new Int32Array(memory ?? new ArrayBuffer(healthBytes(at + 1)), healthBytes(at), 1);
  }

  get healthy(): boolean {
    return Atomics.load(this.#failures, 0) < this.#unhealthyAfter;
  }

  succeeded(): void {
    if (this.#wasHealthy && Atomics.load(this.#failures, 0) === 0) return;
    Atomics.store(this.#failures, 0, 0);
    this.look();
  }

  failed(): void {
    if (this.healthy) Atomics.add(this.#failures, 0, 1);
    this.look();
  }

  /** Tells what has changed, by this thread or by another. */
  look(): void {
    const { healthy } = this;
    if (healthy === this.#wasHealthy) return;
    this.#wasHealthy = healthy;
    this.#onChange(healthy);
  }
}
