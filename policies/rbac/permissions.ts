/** What a role permits. */
import type { CallFacts } from '../../schema/decision.ts';
import type { RbacPermission } from '../../schema/graph/policy.ts';
import { compileGlobs } from '../glob.ts';
import { compileUriGlobs } from '../uri-glob.ts';

/** Whether a call is among those permitted. */
export type Permits = (facts: CallFacts) => boolean;

/**
 * `names` bound the tools and prompts that are permitted, `uris` the resources; with both, each bounds its
 * own. A permission with one of them permits nothing of the other kind, and one with neither permits all.
 */
export const compilePermission = ({ method, names, uris }: RbacPermission): Permits => {
  const anyMethod = method === '*';
  if (names === undefined && uris === undefined) {
    return (facts) => anyMethod || facts.call.method === method;
  }
  const matchesName = compileGlobs(names ?? []);
  const matchesUri = compileUriGlobs(uris ?? []);
  return (facts) => {
    if (!anyMethod && facts.call.method !== method) return false;
    if (facts.resource !== undefined) return matchesUri(facts.resource.uri);
    const name = facts.tool?.name ?? facts.prompt?.name;
    return name !== undefined && matchesName(name);
  };
};
