/** Labels of an upstream and of its tools, as a server sees them. */
import type { Labels } from '../../schema/decision.ts';
import type { ExposeNode } from '../../schema/graph/server.ts';
import { compileGlobs } from '../glob.ts';

export interface PreparedLabels {
  readonly upstream: Labels;
  /** Of the tool that the upstream calls `name`: those of the upstream with the tool's own over them. */
  ofTool(name: string): Labels;
}

const NO_LABELS: Labels = Object.freeze({});

export const prepareLabels = ({
  labels: upstream = NO_LABELS,
  toolLabels = [],
}: Pick<ExposeNode, 'labels' | 'toolLabels'>): PreparedLabels => {
  const own = toolLabels.map(({ tools, labels }) => ({ applies: compileGlobs([tools]), labels }));
  return {
    upstream,
    ofTool(name) {
      const matching = own.filter(({ applies }) => applies(name));
      return matching.length === 0
        ? upstream
        : Object.assign({}, upstream, ...matching.map(({ labels }) => labels));
    },
  };
};
