/** What upstreams of a graph that is read are pinned to. */
import type { PinNode, PinnedDefinition } from '../../../schema/graph/pin.ts';
import { fields, list, literal, oneOf, optional } from '../shape.ts';

const definitions = list(fields<PinnedDefinition>({ name: literal, sha256: literal, definition: literal }));

export const pinShape = fields<PinNode>({
  kind: oneOf('pin'),
  name: literal,
  prompts: definitions,
  resourceTemplates: definitions,
  tools: definitions,
  instructions: optional(fields<NonNullable<PinNode['instructions']>>({ sha256: literal, text: literal })),
});
