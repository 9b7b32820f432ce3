/** No two upstreams of a server may give the same name, behind globs too. */

import type { Lock } from '../../../schema/lock/lock.ts';
import { type Configuration, placeAt } from '../../configuration.ts';
import type { Report } from '../../diagnostics/report.ts';
import { type ExposedName, exposedNames, NAMED_KINDS, type NamedKind, NOUN_OF } from './exposed-names.ts';
import type { CheckLock } from './lock.ts';

/** Whether the configuration itself spells the name out: such clashes are found without a lock. */
const isSpelledOut = (
  config: Configuration,
  server: string,
  index: number,
  kind: NamedKind,
  upstreamName: string,
): boolean => {
  const selection = config.data.servers[server]!.expose[index]![kind] || undefined;
  return (
    selection?.allow?.includes(upstreamName) === true ||
    (selection?.rename !== undefined && Object.hasOwn(selection.rename, upstreamName))
  );
};

/** Where one share of a server gives a name. */
interface Given extends ExposedName {
  readonly index: number;
}

const isTold = (
  config: Configuration,
  server: string,
  kind: NamedKind,
  one: Given,
  other: Given,
): boolean => {
  if ([one, other].every((each) => isSpelledOut(config, server, each.index, kind, each.upstreamName)))
    return true;
  const [a, b] = [one, other].map(({ index }) => config.data.servers[server]!.expose[index]!);
  const exposesAll = [a, b].every((expose) => expose![kind] === undefined);
  return a!.upstream === b!.upstream && a!.prefix === b!.prefix && exposesAll;
};

const checkServer = (
  config: Configuration,
  lock: Lock,
  server: string,
  kind: NamedKind,
  report: Report,
): void => {
  const holders = new Map<string, Given>();
  /** Names that two shares give, by the two. */
  const clashes = new Map<string, { readonly one: Given; readonly other: Given; readonly names: string[] }>();
  for (const [index, names] of exposedNames(config, lock, server, kind).entries()) {
    for (const exposed of names ?? []) {
      const other: Given = { ...exposed, index };
      const one = holders.get(exposed.name);
      if (one === undefined) holders.set(exposed.name, other);
      else if (one.index !== index && !isTold(config, server, kind, one, other)) {
        const key = `${one.index} ${index}`;
        const clash = clashes.get(key) ?? { one, other, names: [] };
        clashes.set(key, clash);
        clash.names.push(exposed.name);
      }
    }
  }
  const placeOf = ({ index }: Given) => placeAt(config, 'servers', server, 'expose', index, 'upstream');
  for (const { one, other, names } of clashes.values()) {
    const upstreamOf = ({ index }: Given) => config.data.servers[server]!.expose[index]!.upstream;
    report(
      'GW7012',
      placeOf(other),
      { kind: NOUN_OF[kind], names, one: upstreamOf(one), other: upstreamOf(other) },
      { labels: [{ place: placeOf(one), text: 'given first by this one' }] },
    );
  }
};

export const checkLockedClashes: CheckLock = (config, lock, report) => {
  for (const server of Object.keys(config.data.servers)) {
    for (const kind of NAMED_KINDS) checkServer(config, lock, server, kind, report);
  }
};
