/** What the calls may be aimed at that a policy is asked about, as far as the lock tells. */
import type { CelField } from '../../policies/cel/types.ts';
import { DYN, objectOf, STRING } from '../../policies/cel/types.ts';
import type { Lock, LockedItem } from '../../schema/lock/lock.ts';
import type { Configuration } from '../configuration.ts';
import type { CallTarget } from './cel/call-target.ts';
import { typeOfSchema } from './cel/schema-type.ts';
import { exposedNames, NAMED_KINDS, type NamedKind } from './lock/exposed-names.ts';

const promptArguments = ({ definition }: LockedItem): CallTarget['args'] => {
  const list = Array.isArray(definition.arguments) ? definition.arguments : [];
  const fields = list.flatMap((argument: unknown): [string, CelField][] => {
    const { name, required } = (argument ?? {}) as { readonly name?: unknown; readonly required?: unknown };
    return typeof name === 'string' ? [[name, { type: STRING, isRequired: required === true }]] : [];
  });
  return objectOf(new Map(fields), false);
};

const argumentsOf = (kind: NamedKind, item: LockedItem): CallTarget['args'] => {
  if (kind === 'prompts') return promptArguments(item);
  const type = typeOfSchema(item.definition.inputSchema);
  return type.kind === 'object' ? type : DYN;
};

const targetsOfServer = (
  config: Configuration,
  lock: Lock,
  server: string,
  kind: NamedKind,
): readonly CallTarget[] | undefined => {
  const { expose } = config.data.servers[server]!;
  const targets: CallTarget[] = [];
  for (const [index, names] of exposedNames(config, lock, server, kind).entries()) {
    const { upstream } = expose[index]!;
    if (names === undefined) return undefined;
    const items = new Map(lock.upstreams[upstream]![kind].map((item) => [item.name, item]));
    for (const { name, upstreamName } of names) {
      const args = argumentsOf(kind, items.get(upstreamName)!);
      targets.push({ kind: kind === 'tools' ? 'tool' : 'prompt', name, server, upstream, args });
    }
  }
  return targets;
};

/**
 * Every tool and prompt of the servers that list the policy; undefined where an upstream of theirs is not locked,
 * where methods of extensions bring arguments of their own, or where nobody lists it.
 */
export const policyTargets = (
  config: Configuration,
  lock: Lock | undefined,
  policy: string,
): readonly CallTarget[] | undefined => {
  if (lock === undefined) return undefined;
  const targets: CallTarget[] = [];
  for (const [server, { policies, expose }] of Object.entries(config.data.servers)) {
    if (!policies?.includes(policy)) continue;
    if (expose.some(({ extensions }) => Object.keys(extensions ?? {}).length > 0)) return undefined;
    for (const kind of NAMED_KINDS) {
      const found = targetsOfServer(config, lock, server, kind);
      if (found === undefined) return undefined;
      targets.push(...found);
    }
  }
  return targets.length === 0 ? undefined : targets;
};
