/** What one upstream offers, as a part of the lock. */
import { dirname, resolve } from 'node:path';
import { definitionHash } from '../../policies/pin/definition-hash.ts';
import { GatewayError } from '../../runtime/errors.ts';
import { fetchOffers, type Offer } from '../../runtime/mcp/offer.ts';
import { resolveReferences } from '../../runtime/reload/references.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import {
  LOCKED_KINDS,
  type LockedItem,
  type LockedKind,
  type LockedUpstream,
} from '../../schema/lock/lock.ts';
import type { CommandIo } from '../io.ts';
import { partOf } from '../part-of-graph.ts';
import { packageVersion } from '../version.ts';

/** What the upstream cannot be locked for; the message is for people. */
export class NotLockable extends Error {}

const lockedItem = (kind: LockedKind, name: string, definition: LockedItem['definition']): LockedItem => {
  const sha256 = definitionHash(definition);
  if (sha256 === undefined) throw new NotLockable(`${kind} \`${name}\` is nested too deeply to be locked`);
  return { name, sha256, definition };
};

const lockedItems = (kind: LockedKind, offer: Offer): readonly LockedItem[] => {
  const names = new Set<string>();
  return offer[kind].map(({ name, value }) => {
    if (names.has(name)) throw new NotLockable(`${kind} has \`${name}\` twice`);
    names.add(name);
    return lockedItem(kind, name, value);
  });
};

const lockedUpstream = (offer: Offer): LockedUpstream => {
  const { instructions: text } = offer;
  const instructions = text === undefined ? {} : { instructions: { sha256: definitionHash(text)!, text } };
  const lists = LOCKED_KINDS.map((kind) => [kind, lockedItems(kind, offer)]);
  return { ...instructions, ...Object.fromEntries(lists) };
};

/** Both eras must offer the same, or clients of one would miss what those of the other have. */
const assertAlike = (one: LockedUpstream, other: LockedUpstream): void => {
  for (const kind of LOCKED_KINDS) {
    const hashes = new Map(one[kind].map(({ name, sha256 }) => [name, sha256]));
    const differing = other[kind].find(({ name, sha256 }) => hashes.get(name) !== sha256);
    const missing = one[kind].find(({ name }) => !other[kind].some((each) => each.name === name));
    const name = (differing ?? missing)?.name;
    if (name !== undefined)
      throw new NotLockable(
        `it offers ${kind} \`${name}\` otherwise to legacy clients: choose an era with \`protocol.era\``,
      );
  }
  if (one.instructions?.sha256 !== other.instructions?.sha256)
    throw new NotLockable('it gives other instructions to legacy clients: choose an era with `protocol.era`');
};

const SILENT = {
  onBreaker: () => undefined,
  onRetry: () => undefined,
  onHealth: () => undefined,
  onProcess: () => undefined,
};

/** Asks upstream `name`. Throws `NotLockable`, or a GatewayError where it cannot be reached. */
export const offerOf = async (
  graph: Graph,
  name: string,
  main: string,
  io: CommandIo,
): Promise<LockedUpstream> => {
  const file = resolve(io.cwd, main);
  const resolution = await resolveReferences(
    partOf(graph, { upstreams: { [name]: graph.upstreams[name]! } }),
    { env: io.env, main: file },
  );
  const [problem] = resolution.problems;
  if (problem !== undefined)
    throw new NotLockable(`\`${problem.field}\`: ${problem.reference}: ${problem.reason}`);
  const [first, second] = await fetchOffers(resolution.graph!.upstreams[name]!, {
    log: () => undefined,
    observer: SILENT,
    baseDirectory: dirname(file),
    gateway: { name: graph.name, version: packageVersion() },
  });
  const locked = lockedUpstream(first!);
  if (second !== undefined) assertAlike(locked, lockedUpstream(second));
  return locked;
};

/** Why an upstream could not be asked, without credentials. */
export const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof GatewayError)) return thrown instanceof Error ? thrown.message : String(thrown);
  const { cause, message } = thrown;
  const detail = cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : undefined;
  return detail === undefined || detail === message ? message : `${message}: ${detail}`;
};
