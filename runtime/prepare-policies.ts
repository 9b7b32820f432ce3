/** From the policies of a server to one question. */
import { celFunctions } from '../policies/cel/functions.ts';
import { combinePolicies, preparePolicy } from '../policies/decide.ts';
import { cachedDecide } from '../policies/verdict-cache.ts';
import type { CallFacts, Decision } from '../schema/decision.ts';
import type { PolicyNode } from '../schema/graph/policy.ts';
import type { ServerNode } from '../schema/graph/server.ts';
import type { LivePolicy } from './live-objects.ts';
import type { ServerPolicies } from './mcp/server.ts';
import type { ServerParts } from './prepare-server.ts';
import type { Leases } from './reload/leases.ts';

/**
 * An expression of so many characters is parsed in a moment, however it is nested: when it is asked first, since of
 * thousands most are not asked before they change. What is longer is parsed before.
 */
const SHORT_LENGTH = 200;

/** What is short by itself is parsed before, too, where the policies of a server are so long together. */
const SHORT_TOGETHER = 2_000;

const lengthOf = (node: PolicyNode): number => (node.type === 'cel' ? node.expression.length : 0);

const isShort = (node: PolicyNode): boolean => node.type === 'cel' && node.expression.length <= SHORT_LENGTH;

const createPolicy = (node: PolicyNode): LivePolicy => {
  let prepared = isShort(node) ? undefined : preparePolicy(node);
  // Once in a process the library is made ready, which takes longer than a call may be kept waiting.
  if (isShort(node)) celFunctions();
  return {
    get policy() {
      prepared ??= preparePolicy(node);
      return prepared;
    },
    close: () => undefined,
  };
};

type Ready = Omit<ServerPolicies, 'none'>;

/** Made ready when they are asked first; whatever fails then fails whoever asks. */
class PoliciesOnDemand implements ServerPolicies {
  readonly none: boolean;
  #make: (() => Ready) | undefined;
  #ready: Ready | undefined;

  constructor(none: boolean, make: () => Ready) {
    this.none = none;
    this.#make = make;
  }

  get lasting(): boolean {
    return this.#now().lasting;
  }

  get readsHeaders(): boolean {
    return this.#now().readsHeaders;
  }

  get readsMimeType(): boolean {
    return this.#now().readsMimeType;
  }

  decide(facts: CallFacts): Decision {
    return this.#now().decide(facts);
  }

  decideAnew(facts: CallFacts): Decision {
    return this.#now().decideAnew(facts);
  }

  ofCaller(facts: CallFacts): string {
    return this.#now().ofCaller(facts);
  }

  #now(): Ready {
    if (this.#ready === undefined) {
      this.#ready = this.#make!();
      this.#make = undefined;
    }
    return this.#ready;
  }
}

/** Expressions of a server's limits and of tenants: what they name is to be known of every call. */
const otherExpressions = (
  node: ServerNode,
  { limits, tenants = {} }: ServerParts['loaded']['graph'],
): string[] => {
  const ofTenants = Object.values(tenants);
  const keys = [...node.limits, ...ofTenants.flatMap((tenant) => tenant.limits)].flatMap((name) => {
    const limit = limits[name]!;
    return 'key' in limit ? limit.key : [];
  });
  return [...keys, ...ofTenants.map(({ match }) => match)];
};

/** `leases` hold them for as long as the server is. */
export const takePolicies = async (
  node: ServerNode,
  { loaded, context, turns }: ServerParts,
  leases: Leases,
): Promise<ServerPolicies> => {
  const { graph, fingerprints } = loaded;
  const taken: LivePolicy[] = [];
  for (const name of node.policies) {
    const id = `policy:${name}` as const;
    const create = () => createPolicy(graph.policies[name]!);
    taken.push(await leases.take(context.live.policies, id, fingerprints[id] ?? '', create));
  }
  if (node.policies.reduce((sum, name) => sum + lengthOf(graph.policies[name]!), 0) > SHORT_TOGETHER) {
    for (const each of taken) {
      await turns.next();
      void each.policy;
    }
  }
  const readsRequest = otherExpressions(node, graph).some((each) => each.includes('request'));
  return new PoliciesOnDemand(taken.length === 0, () => {
    const prepared = combinePolicies(taken.map(({ policy }) => policy));
    return {
      lasting: prepared.cacheable,
      readsHeaders: prepared.variables.has('request') || readsRequest,
      readsMimeType: prepared.variables.has('resource.mimeType'),
      decide: cachedDecide(prepared),
      decideAnew: prepared.decide,
      ofCaller: prepared.ofCaller,
    };
  });
};
