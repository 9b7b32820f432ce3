/** Why a gateway did not start. */
import { findingLine } from './reload-fields.ts';
import type { ReloadResult } from './reload-result.ts';

const reasonsOf = ({ diagnostics, unresolved, error }: ReloadResult): string[] => [
  ...diagnostics.filter(({ severity }) => severity === 'error').map(findingLine),
  ...unresolved.map(({ field, reference, reason }) => `${field} needs ${reference}: ${reason}`),
  ...(error === undefined ? [] : [String(error)]),
];

/** The first load brought no graph that serves. There is nothing to fall back to, so nothing is served. The message names every reason. */
export class NotStarted extends Error {
  /** `rejected` or `failed`. */
  readonly result: ReloadResult;

  constructor(result: ReloadResult) {
    super(['the configuration cannot be served', ...reasonsOf(result)].join('\n'), { cause: result.error });
    this.name = 'NotStarted';
    this.result = result;
  }
}
