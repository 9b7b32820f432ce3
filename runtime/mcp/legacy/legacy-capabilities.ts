/** What a session's client can be asked for, as legacy upstreams are told. */
import type { Features } from '../../../schema/graph/server.ts';

type Declared = Readonly<Record<string, unknown>>;

/** Those of `capabilities` that the gateway passes on, under the ceiling of `features`. */
export const legacyCapabilities = (
  { capabilities }: { readonly capabilities: Declared },
  features: Features,
): Declared => {
  const declared: Record<string, unknown> = {};
  for (const name of ['sampling', 'elicitation', 'roots'] as const)
    if (features[name] && capabilities[name] !== undefined) declared[name] = capabilities[name];
  return declared;
};
