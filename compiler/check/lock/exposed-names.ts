/** What servers expose of what is locked. */
import { type PreparedExpose, prepareExpose } from '../../../policies/expose/selection.ts';
import type { Lock } from '../../../schema/lock/lock.ts';
import { type Configuration, isSound } from '../../configuration.ts';
import { lowerExpose } from '../../lower/server.ts';

export type NamedKind = 'tools' | 'prompts';

export const NAMED_KINDS: readonly NamedKind[] = ['tools', 'prompts'];

export const NOUN_OF = { tools: 'tool', prompts: 'prompt' } as const;

/** Names of what an upstream has locked; undefined where nothing of it is known. */
export const lockedNames = (lock: Lock, upstream: string, kind: NamedKind): readonly string[] | undefined =>
  Object.hasOwn(lock.upstreams, upstream)
    ? lock.upstreams[upstream]![kind].map(({ name }) => name)
    : undefined;

export interface ExposedName {
  /** As callers see it. */
  readonly name: string;
  readonly upstreamName: string;
}

/** What each share of a server exposes of a kind; undefined where nothing of its upstream is known. */
export const exposedNames = (
  config: Configuration,
  lock: Lock,
  server: string,
  kind: NamedKind,
): readonly (readonly ExposedName[] | undefined)[] =>
  config.data.servers[server]!.expose.map((expose, index) => {
    const locked = lockedNames(lock, expose.upstream, kind);
    if (locked === undefined || !isSound(config, 'servers', server, 'expose', index)) return undefined;
    const selection: PreparedExpose = prepareExpose(lowerExpose(expose));
    return locked.flatMap((upstreamName) => {
      const name = selection[kind].expose(upstreamName);
      return name === undefined ? [] : [{ name, upstreamName }];
    });
  });
