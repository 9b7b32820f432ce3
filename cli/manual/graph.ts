/** The manual of `gatewright graph`. */
import { PROJECT_OPTIONS } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const GRAPH = {
  usage: '[gateway.yaml]',
  summary: 'draw the way of a call: listeners, servers, policies, upstreams',
  about: [
    'The drawing is written to standard output. SVG needs nothing else to be shown, in light and dark; Mermaid is what GitHub shows in Markdown; DOT is for Graphviz. Every box has its place in the file. What is drawn is a file, an artifact, `git:<revision>` or a running gateway, as for `plan`.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    format: {
      type: 'string',
      default: 'svg',
      words: ['svg', 'mermaid', 'dot'],
      does: 'the language of the drawing',
    },
    focus: {
      type: 'string',
      value: 'name',
      does: 'only this node and what a call passes before and after it, such as `engineering` or `upstream:github`',
    },
    plan: {
      type: 'string',
      value: 'old',
      does: 'colour what differs from this configuration, such as `git:HEAD`',
    },
  },
  exits: { 0: 'drawn', 1: 'a configuration has errors, or there is no such node' },
  examples: [
    { line: 'gatewright graph > gateway.svg', does: 'the whole gateway' },
    { line: 'gatewright graph --plan git:HEAD --format mermaid', does: 'what changed, for a pull request' },
  ],
} as const satisfies CommandManual;
