/** Where servers are found: one server for each path, on listeners that serve MCP. */
import { isWritten, placeAt } from '../configuration.ts';
import { pathsAt } from '../place-paths.ts';
import type { Place } from '../source/source-file.ts';
import type { Check } from './check.ts';

const takenBy = (path: string): string | undefined => {
  if (path === '/.well-known' || path.startsWith('/.well-known/')) return 'the well-known documents';
  return path === '/robots.txt' ? 'the listener itself' : undefined;
};

export const checkServerPlaces: Check = (config, report) => {
  const first = new Map<string, { readonly server: string; readonly place: Place }>();
  for (const [server, { at, protocol }] of Object.entries(config.data.servers)) {
    for (const [index, { listener, path }] of at.entries()) {
      const place = placeAt(config, 'servers', server, 'at', index, 'path');
      const owner = takenBy(path!);
      if (owner) report('GW2015', place, { path: path!, owner });
      if (isWritten(config, 'listeners', listener, 'serve')) {
        report('GW2012', placeAt(config, 'servers', server, 'at', index, 'listener'), { listener });
      }
      for (const { path: taken } of pathsAt(path!, protocol!)) {
        const key = `${listener} ${taken}`;
        const before = first.get(key);
        if (before) {
          const labels = [{ place: before.place, text: 'taken here' }];
          report('GW2011', place, { listener, path: taken, other: before.server }, { labels });
        } else first.set(key, { server, place });
      }
    }
  }
};
