/** Methods of extensions: not the protocol's own, and each for one upstream of a server. */
import { type Configuration, placeAt } from '../configuration.ts';
import type { Place } from '../source/source-file.ts';
import type { Check } from './check.ts';

/** What begins the name of a method that MCP defines itself, in any revision, or that the gateway routes itself. */
const OWN =
  /^(?:completion|elicitation|initialize|logging|notifications|ping|prompts|resources|roots|sampling|server|subscriptions|tasks|tools)\//;

/** Methods of extensions, which servers name. */
export const extensionMethods = ({ data }: Configuration): readonly string[] =>
  Object.values(data.servers).flatMap(({ expose }) =>
    expose.flatMap(({ extensions }) => Object.values(extensions ?? {}).flat()),
  );

export const checkExtensionMethods: Check = (config, report) => {
  for (const [server, { expose }] of Object.entries(config.data.servers)) {
    const taken = new Map<string, { readonly upstream: string; readonly place: Place }>();
    for (const [index, { upstream, extensions }] of expose.entries()) {
      for (const [extension, methods] of Object.entries(extensions ?? {})) {
        for (const [item, method] of methods.entries()) {
          const place = placeAt(config, 'servers', server, 'expose', index, 'extensions', extension, item);
          const before = taken.get(method);
          if (OWN.test(method)) report('GW2018', place, { method });
          else if (before === undefined) taken.set(method, { upstream, place });
          else {
            const labels = [{ place: before.place, text: 'given here' }];
            report('GW2019', place, { method, upstream: before.upstream }, { labels });
          }
        }
      }
    }
  }
};
