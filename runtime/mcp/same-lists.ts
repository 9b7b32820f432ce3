/** Whether a server that changed still shows each caller what it showed. */
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { PreparedServer } from './server.ts';

/** What decides the lists of a server, as far as its graph says it. */
const rulesOf = ({ node, policyNodes }: PreparedServer): string =>
  canonicalJson({
    expose: node.expose,
    features: node.features,
    lists: node.lists,
    provenance: node.provenance,
    labels: node.labels,
    policies: policyNodes,
  });

const compare = (before: PreparedServer, after: PreparedServer): boolean =>
  before.exposures.length === after.exposures.length &&
  before.exposures.every(({ upstream, pin }, index) => {
    const now = after.exposures[index]!;
    return now.upstream === upstream && now.pin === pin;
  }) &&
  rulesOf(before) === rulesOf(after);

/** Asked for each caller that has something open. */
const compared = new WeakMap<PreparedServer, WeakMap<PreparedServer, boolean>>();

/**
 * False where it is not certain: an upstream that is another object may offer something else, and rules that differ
 * may still show somebody the same.
 */
export const showSameLists = (before: PreparedServer, after: PreparedServer): boolean => {
  const answers = compared.get(before) ?? new WeakMap<PreparedServer, boolean>();
  compared.set(before, answers);
  const answer = answers.get(after) ?? compare(before, after);
  answers.set(after, answer);
  return answer;
};
