/** What is known of the target of a call, so that a list and a call of its items are decided on the same facts. */
import type { CallFacts, ToolFacts, UpstreamFacts } from '../schema/decision.ts';

/** The method that an item of each kind of list is called by. */
export const CALLED_BY = {
  tools: 'tools/call',
  prompts: 'prompts/get',
  resources: 'resources/read',
  resourceTemplates: 'resources/read',
} as const;

/** A call of a tool. */
export const toolFacts = (facts: CallFacts, tool: ToolFacts, upstream: UpstreamFacts): CallFacts => ({
  ...facts,
  upstream,
  tool,
});

/** A prompt that is asked for. */
export const promptFacts = (facts: CallFacts, name: string, upstream: UpstreamFacts): CallFacts => ({
  ...facts,
  upstream,
  prompt: { name },
});

/**
 * A resource that is read. `uri` is the upstream's own: rules are written for that, whatever other upstreams claim.
 * Without `upstream` nobody has it.
 */
export const resourceFacts = (
  facts: CallFacts,
  uri: string,
  mimeType: string,
  upstream: UpstreamFacts | undefined,
): CallFacts => ({
  ...facts,
  ...(upstream === undefined ? undefined : { upstream }),
  call: { method: CALLED_BY.resources, name: uri, id: facts.call.id },
  resource: { uri, mimeType },
});
