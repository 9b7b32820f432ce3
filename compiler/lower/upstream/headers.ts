/** Headers towards an upstream, by lower-case name. */
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import { given } from '../measure.ts';

const lowerCaseKeys = (record: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));

/** What is forwarded, set and told, defaults filled in. */
export const lowerHeaders = (headers: {
  readonly forward?: readonly string[];
  readonly set?: Readonly<Record<string, string>>;
  readonly deadline?: string;
}): HttpUpstreamNode['headers'] => ({
  forward: [...new Set((headers.forward ?? []).map((header) => header.toLowerCase()))].sort(),
  set: lowerCaseKeys(headers.set ?? {}),
  ...given('deadline', headers.deadline?.toLowerCase()),
});
