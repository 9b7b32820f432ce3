/** What a server offers: the union of what its upstreams really offer, under the ceiling of `features`. */
import type { Features } from '../../schema/graph/server.ts';
import type { Era } from '../../schema/graph/upstream.ts';
import type { Part } from './part.ts';

type Capabilities = Record<string, Record<string, unknown>>;

const member = (part: Part, name: string): Readonly<Record<string, unknown>> | undefined => {
  const value = part.connected?.link.peer.capabilities[name];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
};

const exposes = (part: Part, kind: 'tools' | 'prompts' | 'resources'): boolean =>
  part.exposure.node[kind].allow.length > 0;

/**
 * Whether changes that a part tells of reach the client: always where they come by the client's own session or by
 * streams that are asked for; by a session that the gateway holds only if the upstream's own stream is heard.
 */
const reaches = ({ connected }: Part, clientEra: Era): boolean =>
  connected?.link.era !== 'legacy' || clientEra === 'legacy' || connected.link.hears() === true;

/** Waits until it is known of all connected parts what `mergeCapabilities` asks of them; not longer than for a list. */
export const hearing = async (parts: readonly Part[]): Promise<void> => {
  await Promise.all(
    parts.map(({ connected, exposure }) => {
      const hears = connected?.link.era === 'legacy' && connected.link.hears();
      if (typeof hears === 'boolean') return undefined;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const timer = setTimeout(resolve, exposure.upstreamNode.timeouts.listMs);
      void hears.then(resolve);
      return promise.finally(() => clearTimeout(timer));
    }),
  );
};

/** Merges the capabilities of connected parts. */
export const mergeCapabilities = (
  parts: readonly Part[],
  features: Features,
  clientEra: Era,
): Capabilities => {
  const merged: Capabilities = {};
  for (const kind of ['tools', 'prompts', 'resources'] as const) {
    if (!features[kind]) continue;
    for (const part of parts) {
      const offered = exposes(part, kind) ? member(part, kind) : undefined;
      if (offered === undefined) continue;
      merged[kind] ??= {};
      const target = merged[kind];
      if (!reaches(part, clientEra)) continue;
      if (offered.listChanged === true) target.listChanged = true;
      if (kind === 'resources' && offered.subscribe === true) target.subscribe = true;
    }
  }
  if (features.completions && parts.some((part) => member(part, 'completions') !== undefined))
    merged.completions = {};
  if (features.logging && parts.some((part) => member(part, 'logging') !== undefined)) merged.logging = {};
  return merged;
};

const instructionsOf = ({ connected, exposure }: Part): string | undefined => {
  if (connected === undefined) return undefined;
  const { era, peer } = connected.link;
  return exposure.pin === undefined ? peer.instructions : exposure.pin.instructions(peer.instructions, era);
};

/** The instructions of a server: its own, or those of its upstreams, each under its name where there are several. */
export const mergeInstructions = (parts: readonly Part[], own: string | undefined): string | undefined => {
  if (own !== undefined) return own;
  const told = parts.flatMap((part) => {
    const text = instructionsOf(part);
    return text === undefined ? [] : [{ name: part.exposure.upstream.name, text }];
  });
  if (told.length === 0) return undefined;
  if (told.length === 1) return told[0]!.text.slice(0, MAX_INSTRUCTIONS);
  // Each has its share, so that one that talks much silences no other.
  const share = Math.floor(MAX_INSTRUCTIONS / told.length);
  return told.map(({ name, text }) => `[${name}]\n${text.slice(0, share)}`).join('\n\n');
};

const MAX_INSTRUCTIONS = 20_000;
