/** Revokes for everybody who serves: this thread, the other threads, and through the store all replicas. */
import type { IdentityNode } from '../../schema/graph/identity.ts';
import type { Log } from '../observe/log.ts';
import type { Reach } from '../state/replicated-table.ts';
import { FOREVER_MS, type Statement } from '../state/stored-table.ts';
import { BadOrder, readOrder } from './read-order.ts';
import { type Revocation, readRevocation } from './revocation.ts';
import type { Revocations } from './revocations.ts';

export interface Revoking {
  readonly revocations: Revocations;
  readonly identities: Readonly<Record<string, IdentityNode>>;
  readonly log: Pick<Log, 'warn'>;
  /** Tells the other threads; resolves when it holds there. */
  readonly tellThreads: (statements: readonly Statement[]) => Promise<void>;
}

/** What came of an order. */
export interface RevokeOutcome {
  readonly result: 'revoked' | 'lifted' | 'invalid' | 'not revoked' | 'no room';
  /** Where it holds by now; absent where nothing was done. */
  readonly holds?: Reach;
  readonly revocation?: Revocation;
  /** Of a key: whether the running configuration has it. */
  readonly isKnown?: boolean;
  /** Why nothing was done. */
  readonly problem?: string;
}

const isKnown = ({ identities }: Revoking, { kind, identity, id }: Revocation): boolean | undefined => {
  const node = identities[identity];
  return kind === 'key' && node?.type === 'api-key' ? node.keys.some((key) => key.id === id) : undefined;
};

/** Carries out the order in `body`, given by `by`. Never rejects for what is in it. */
export const revoke = async (revoking: Revoking, body: string, by: string): Promise<RevokeOutcome> => {
  const { revocations, identities, log, tellThreads } = revoking;
  try {
    const { name, does, untilMs, reason } = readOrder(body, identities, Date.now());
    const statement =
      does === 'lift' ? revocations.lift(name, reason) : revocations.revoke(name, reason, untilMs);
    if (statement === undefined && does === 'lift')
      return { result: 'not revoked', problem: 'there is nothing to lift' };
    if (statement === undefined)
      return { result: 'no room', problem: 'as much is revoked as can be: lift what need not be any more' };
    const [holds] = await Promise.all([revocations.reach(), tellThreads([statement])]);
    const revocation = readRevocation(statement)!;
    const result = does === 'lift' ? 'lifted' : 'revoked';
    const until = statement.untilMs === FOREVER_MS ? undefined : new Date(statement.untilMs).toISOString();
    log.warn(result, { ...name, until, reason, by, holds });
    const known = isKnown(revoking, revocation);
    return { result, holds, revocation, ...(known === undefined ? {} : { isKnown: known }) };
  } catch (thrown) {
    if (!(thrown instanceof BadOrder)) throw thrown;
    return { result: 'invalid', problem: thrown.message };
  }
};
