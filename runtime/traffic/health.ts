/** Whether one endpoint is there, judged by what calls and checks saw of it. */
import type { HealthNode } from '../../schema/graph/upstream.ts';

/** Healthy until `unhealthyAfter` failures in a row, and again with the first success. */
export class EndpointHealth {
  readonly #unhealthyAfter: number;
  readonly #onChange: (healthy: boolean) => void;
  #failures = 0;

  constructor({ unhealthyAfter }: Pick<HealthNode, 'unhealthyAfter'>, onChange: (healthy: boolean) => void) {
    this.#unhealthyAfter = unhealthyAfter;
    this.#onChange = onChange;
  }

  get healthy(): boolean {
    return this.#failures < this.#unhealthyAfter;
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    const wasHealthy = this.healthy;
    this.#failures = 0;
    if (!wasHealthy) this.#onChange(true);
  }

  failed(): void {
    if (!this.healthy) return;
    this.#failures += 1;
    if (!this.healthy) this.#onChange(false);
  }
}
