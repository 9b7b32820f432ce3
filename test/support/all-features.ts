/** Every feature of a server, switched on. */
import type { Features } from '../../schema/graph/server.ts';

export const ALL_FEATURES: Features = {
  tools: true,
  resources: true,
  prompts: true,
  completions: true,
  logging: true,
  sampling: true,
  elicitation: true,
  roots: true,
  tasks: true,
};
