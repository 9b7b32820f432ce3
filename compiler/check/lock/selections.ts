/** `allow` and `rename` must be of what is locked. */
import { compileGlobs } from '../../../policies/glob.ts';
import { type Configuration, keyAt, placeAt } from '../../configuration.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import { lockedNames, NAMED_KINDS, type NamedKind, NOUN_OF } from './exposed-names.ts';
import type { CheckLock } from './lock.ts';

interface Selected {
  readonly allow?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
}

const selectionsIn = function* (config: Configuration) {
  for (const [server, { expose }] of Object.entries(config.data.servers)) {
    for (const [index, share] of expose.entries()) {
      for (const kind of NAMED_KINDS) {
        const selection: Selected | undefined = share[kind] || undefined;
        const path = ['servers', server, 'expose', index, kind] as const;
        if (selection !== undefined) yield { selection, kind, path, upstream: share.upstream };
      }
    }
  }
};

const unknownName = (name: string, kind: NamedKind, upstream: string, locked: readonly string[]) => ({
  name,
  kind: NOUN_OF[kind],
  upstream,
  nearest: nearest(name, locked),
});

export const checkLockedSelections: CheckLock = (config, lock, report) => {
  for (const { selection, kind, path, upstream } of selectionsIn(config)) {
    const locked = lockedNames(lock, upstream, kind);
    if (locked === undefined) continue;
    const renames = Object.keys(selection.rename ?? {});
    for (const [index, pattern] of (selection.allow ?? []).entries()) {
      // A rename of the same name is told instead.
      if (renames.includes(pattern) || locked.some(compileGlobs([pattern]))) continue;
      const place = placeAt(config, ...path, 'allow', index);
      const data = unknownName(pattern, kind, upstream, locked);
      const fixes =
        data.nearest === undefined ? [] : [{ place, text: data.nearest, applicability: 'maybe' as const }];
      report('GW7010', place, data, { fixes });
    }
    for (const name of renames) {
      if (locked.includes(name)) continue;
      report('GW7011', keyAt(config, ...path, 'rename', name), unknownName(name, kind, upstream, locked));
    }
  }
};
