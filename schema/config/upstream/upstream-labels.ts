/** `labels` of an upstream, whatever its type. */
import { labels } from '../labels.ts';

export const UpstreamLabels = labels({
  description: 'What policies may ask as `upstream.labels`, and of each of its tools as `tool.labels`.',
  examples: [{ dept: 'finance' }],
});
