/** A limit on calls at a time, by key. */
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { ConcurrencyLimitNode } from '../../schema/graph/limit.ts';
import { FairGate, type GateThreads } from './fair-gate.ts';
import { Places } from './places.ts';
import { placesMemory } from './places-memory.ts';

/** Limits with the same go on with the calls that are under way, over a reload, too. */
export const concurrencyCountId = ({ key }: ConcurrencyLimitNode): string => canonicalJson({ key });

/** At all replicas, limits with the same go on with each other's calls. */
export const concurrencyName = ({ name, key }: ConcurrencyLimitNode, value: string): string =>
  canonicalJson([name, key, value]);

/** @param threads where several count together */
export const createConcurrencyGate = (threads?: GateThreads): FairGate =>
  new FairGate(new Places(threads?.memory ?? placesMemory(), threads?.holder ?? 1), threads !== undefined);
