/** What an upstream is pinned to, by what `gateway.lock` has of it. */
import type { PinNode, PinnedDefinition } from '../../../schema/graph/pin.ts';
import { digestOf, keyed, map, type WrittenList, type WrittenMap } from '../written.ts';

const writeDefinitions = (definitions: readonly PinnedDefinition[]): WrittenList =>
  keyed(
    definitions.map(({ name, definition }) => ({ key: name, item: digestOf(definition, definition) })),
    false,
  );

export const writePin = ({ tools, prompts, resourceTemplates, instructions }: PinNode): WrittenMap =>
  map({
    tools: writeDefinitions(tools),
    prompts: writeDefinitions(prompts),
    resourceTemplates: writeDefinitions(resourceTemplates),
    instructions: instructions && digestOf(instructions.text, instructions.text),
  });
