/** Why a gateway did not start. */
import type { ReloadResult } from './reload-result.ts';

/** The first load brought no graph that serves. There is nothing to fall back to, so nothing is served. */
export class NotStarted extends Error {
  /** `rejected` or `failed`. */
  readonly result: ReloadResult;

  constructor(result: ReloadResult) {
    super('the configuration cannot be served', { cause: result.error });
    this.name = 'NotStarted';
    this.result = result;
  }
}
