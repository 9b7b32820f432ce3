/** `tools` of limits: which calls they are about. */
import { listOf, pattern } from '../value.ts';

export const limitedTools = (description: string) =>
  listOf(pattern({ description: 'A name or glob of exposed tools.' }), { description, minItems: 1 });
