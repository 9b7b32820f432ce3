/** Locks for tests, without asking anybody. */
import { definitionHash } from '../../policies/pin/definition-hash.ts';
import { LOCKED_KEY, type LockedItem, type LockedKind, type LockedUpstream } from '../../schema/lock/lock.ts';
import { lockText } from '../../schema/lock/lock-text.ts';

/** What is approved of an upstream, as it would say it. */
export interface Approved {
  readonly tools?: readonly object[];
  readonly prompts?: readonly object[];
  readonly resourceTemplates?: readonly object[];
  readonly instructions?: string;
}

const itemsOf = (kind: LockedKind, definitions: readonly object[] = []): readonly LockedItem[] =>
  definitions.map((value) => {
    const definition = JSON.parse(JSON.stringify(value)) as LockedItem['definition'];
    return { name: String(definition[LOCKED_KEY[kind]]), definition, sha256: definitionHash(definition)! };
  });

const lockedOf = ({ tools, prompts, resourceTemplates, instructions }: Approved): LockedUpstream => ({
  tools: itemsOf('tools', tools),
  prompts: itemsOf('prompts', prompts),
  resourceTemplates: itemsOf('resourceTemplates', resourceTemplates),
  ...(instructions === undefined
    ? {}
    : { instructions: { sha256: definitionHash(instructions)!, text: instructions } }),
});

/** The text of gateway.lock. */
export const lockOf = (upstreams: Readonly<Record<string, Approved>>): string =>
  lockText({
    lockVersion: 1,
    upstreams: Object.fromEntries(Object.entries(upstreams).map(([name, each]) => [name, lockedOf(each)])),
  });
