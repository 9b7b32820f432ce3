/** Names that are spelt out must be given once in a server. Names behind globs are known at run time only. */
import type { Configuration, GatewayData } from '../configuration.ts';
import { placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Place } from '../source/source-file.ts';
import type { Check } from './check.ts';

type ExposeData = GatewayData['servers'][string]['expose'][number];

interface GivenName {
  readonly name: string;
  readonly place: Place;
}

const spelledOut = (
  config: Configuration,
  server: string,
  index: number,
  kind: 'tools' | 'prompts',
): readonly GivenName[] => {
  const expose = config.data.servers[server]!.expose[index]!;
  const selection = expose[kind];
  if (!selection) return [];
  const base = ['servers', server, 'expose', index, kind] as const;
  const renames = selection.rename ?? {};
  const given = Object.entries(renames).map(([name, final]) => ({
    name: final,
    place: placeAt(config, ...base, 'rename', name),
  }));
  // What one list names twice is told as that.
  const listed = new Set<string>();
  const allowed = (selection.allow ?? []).flatMap((name, item) =>
    listed.size === listed.add(name).size || name.includes('*') || Object.hasOwn(renames, name)
      ? []
      : [{ name: `${expose.prefix}${name}`, place: placeAt(config, ...base, 'allow', item) }],
  );
  return [...given, ...allowed];
};

const checkKind = (
  config: Configuration,
  server: string,
  kind: 'tools' | 'prompts',
  report: Report,
): void => {
  const first = new Map<string, Place>();
  const given = [...config.data.servers[server]!.expose.keys()]
    .flatMap((index) => spelledOut(config, server, index, kind))
    .sort((a, b) => a.place.start - b.place.start);
  for (const { name, place } of given) {
    const before = first.get(name);
    if (before === undefined) first.set(name, place);
    else if (before.start !== place.start) {
      const labels = [{ place: before, text: 'first given here' }];
      report('GW2013', place, { kind: kind === 'tools' ? 'tool' : 'prompt', name }, { labels });
    }
  }
};

const exposesAll = ({ tools }: ExposeData): boolean =>
  tools === undefined || (tools !== false && tools.allow === undefined);

const checkTwice = (config: Configuration, server: string, report: Report): void => {
  const seen = new Map<string, number>();
  for (const [index, expose] of config.data.servers[server]!.expose.entries()) {
    if (!exposesAll(expose)) continue;
    const key = `${expose.upstream} ${expose.prefix}`;
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, index);
      continue;
    }
    const placeOf = (item: number) => placeAt(config, 'servers', server, 'expose', item, 'upstream');
    const labels = [{ place: placeOf(before), text: 'first exposed here' }];
    report('GW2017', placeOf(index), { upstream: expose.upstream }, { labels });
  }
};

export const checkExposedNames: Check = (config, report) => {
  for (const server of Object.keys(config.data.servers)) {
    checkKind(config, server, 'tools', report);
    checkKind(config, server, 'prompts', report);
    checkTwice(config, server, report);
  }
};
