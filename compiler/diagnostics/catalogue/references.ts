/** GW2xxx: names, and how the parts fit together. */
import { didYouMean, entry, oneOfWords } from '../entry.ts';

const MANY = 8;

interface UnknownName {
  readonly name: string;
  readonly nearest: string | undefined;
  readonly known: readonly string[];
}

const unknownEntry = (kind: string, section: string) =>
  entry<UnknownName>({
    severity: 'error',
    title: `Unknown ${kind}`,
    message: ({ name }) => `unknown ${kind} \`${name}\``,
    label: () => `no ${kind} has this name`,
    help: ({ nearest, known }) => {
      if (nearest) return [didYouMean(nearest)];
      return [
        known.length === 0
          ? `define it in \`${section}\``
          : known.length > MANY
            ? undefined
            : `there is ${oneOfWords(known)}`,
      ];
    },
  });

export const REFERENCES = {
  GW2001: unknownEntry('listener', 'listeners'),
  GW2002: unknownEntry('identity', 'identity'),
  GW2003: unknownEntry('upstream', 'upstreams'),
  GW2004: unknownEntry('policy', 'policies'),
  GW2005: unknownEntry('limit', 'limits'),
  GW2080: entry<{ tenant: string; limit: string }>({
    severity: 'error',
    title: 'Bounds of a tenant',
    message: ({ tenant, limit }) =>
      `tenant \`${tenant}\` cannot have limit \`${limit}\`: it is of type \`bounds\``,
    help: ({ limit }) => [`name \`${limit}\` in \`limits\` of a server`],
  }),
  GW2081: entry<{
    limit: string;
    method: string;
    feature: string | undefined;
    nearest: string | undefined;
  }>({
    severity: 'warning',
    title: 'Cost of a method that is never counted',
    message: ({ limit, method }) => `limit \`${limit}\` is asked for no request of \`${method}\``,
    label: ({ feature }) =>
      feature === undefined
        ? 'no method that is counted has this name'
        : `\`${feature}\` is off where it counts`,
    help: ({ nearest }) => [didYouMean(nearest) ?? 'remove the cost'],
  }),
  GW2006: unknownEntry('server', 'servers'),
  GW2007: unknownEntry('role', 'roles'),
  GW2008: entry<{ cycle: readonly string[] }>({
    severity: 'error',
    title: 'Roles that include each other',
    message: ({ cycle }) => `roles include each other: ${cycle.map((role) => `\`${role}\``).join(' → ')}`,
    help: () => ['remove one of the inclusions'],
  }),
  GW2009: entry<{ kind: string; name: string }>({
    severity: 'warning',
    title: 'Unused definition',
    message: ({ kind, name }) => `${kind} \`${name}\` is not used`,
    help: ({ kind, name }) => [
      kind === 'listener'
        ? `name it in \`at\` of a server, or remove \`${name}\``
        : `refer to it, or remove \`${name}\``,
    ],
  }),
  GW2010: entry<{ name: string; other: string; address: string }>({
    severity: 'error',
    title: 'Listeners on the same address',
    message: ({ name, other, address }) =>
      `listener \`${name}\` cannot bind \`${address}\`: listener \`${other}\` has it`,
    help: () => ['give each listener an address and port of its own'],
    note: ({ address }) => [
      /^(0\.0\.0\.0|\[::\]):/.test(address)
        ? 'this address stands for all addresses of the machine'
        : undefined,
    ],
  }),
  GW2011: entry<{ listener: string; path: string; other: string }>({
    severity: 'error',
    title: 'Servers at the same place',
    message: ({ listener, path, other }) =>
      `\`${path}\` on listener \`${listener}\` already leads to server \`${other}\``,
    help: () => ['give each server a path of its own'],
  }),
  GW2012: entry<{ listener: string }>({
    severity: 'error',
    title: 'Server on an operations listener',
    message: ({ listener }) => `listener \`${listener}\` serves operations and no servers`,
    help: () => ['put the server on another listener, or remove `serve` from this one'],
  }),
  GW2013: entry<{ kind: 'tool' | 'prompt'; name: string }>({
    severity: 'error',
    title: 'Names that clash',
    message: ({ kind, name }) => `the ${kind} name \`${name}\` is given twice in this server`,
    label: () => 'given again here',
    help: () => ['rename one of the two, or give its upstream a `prefix`'],
  }),
  GW2014: entry<{ name: string }>({
    severity: 'warning',
    title: 'Listed twice',
    message: ({ name }) => `\`${name}\` is listed twice`,
    label: () => 'listed again here',
    help: () => ['remove one of the two'],
  }),
  GW2015: entry<{ path: string; owner: string }>({
    severity: 'error',
    title: 'Path that is taken',
    message: ({ path, owner }) => `\`${path}\` is taken by ${owner}`,
    help: () => ['choose another path'],
  }),
  GW2016: entry<{ name: string }>({
    severity: 'error',
    title: 'Rename of what is not exposed',
    message: ({ name }) => `\`${name}\` is renamed, but \`allow\` leaves it out`,
    help: ({ name }) => [`add \`${name}\` to \`allow\`, or remove the rename`],
  }),
  GW2017: entry<{ upstream: string }>({
    severity: 'error',
    title: 'Upstream exposed twice under the same names',
    message: ({ upstream }) => `upstream \`${upstream}\` is exposed twice under the same names`,
    label: () => 'exposed again here',
    help: () => ['give one of the two a `prefix`, or join them'],
  }),
  GW2018: entry<{ method: string }>({
    severity: 'error',
    title: 'Method that is no extension',
    message: ({ method }) => `\`${method}\` is a method of the protocol itself`,
    help: () => ['remove it: what the protocol defines is routed without a table'],
  }),
  GW2019: entry<{ method: string; upstream: string }>({
    severity: 'error',
    title: 'Extension method that goes to two upstreams',
    message: ({ method, upstream }) => `\`${method}\` goes to upstream \`${upstream}\` already`,
    label: () => 'given again here',
    help: () => ['name each method for one upstream of a server'],
  }),
  GW2030: entry<{ text: string; by: string }>({
    severity: 'warning',
    title: 'Item that another covers',
    message: ({ text, by }) => `\`${text}\` changes nothing: \`${by}\` covers it`,
    help: ({ text, by }) => [`remove \`${text}\`; or narrow \`${by}\`, if less was meant`],
  }),
  GW2031: entry<{ role: string; from: string }>({
    severity: 'warning',
    title: 'Permission that another covers',
    message: ({ role, from }) =>
      from === role
        ? `this permission changes nothing: another one of role \`${role}\` covers it`
        : `this permission changes nothing: role \`${role}\` has it by role \`${from}\``,
    help: () => ['remove it; or narrow the other, if less was meant'],
  }),
  GW2032: entry<{ reason: 'never' | 'given' }>({
    severity: 'warning',
    title: 'Binding without effect',
    message: ({ reason }) =>
      reason === 'never'
        ? 'nobody gets these roles: the condition is never true'
        : 'this binding changes nothing',
    help: ({ reason }) => [
      reason === 'never'
        ? 'remove the binding, or mend its condition'
        : 'remove it; or mend the other, if less was meant',
    ],
  }),
  GW2033: entry<{ range: string }>({
    severity: 'warning',
    title: 'Allowed addresses that are denied',
    message: ({ range }) => `no address of \`${range}\` can connect`,
    help: () => ['remove it from `allow`, or narrow `deny`'],
    note: () => ['`deny` holds whatever `allow` says'],
  }),
  GW2034: entry<{ server: string }>({
    severity: 'warning',
    title: 'WebSocket without a revision',
    message: ({ server }) => `nobody can use the WebSocket of server \`${server}\``,
    help: () => ['add `"2025-11-25"` to `versions`, or remove `websocket`'],
    note: () => ['it is for the revisions of 2025, none of which is in `versions`'],
  }),
  GW2035: entry<{ upstream: string; server: string }>({
    severity: 'warning',
    title: 'Exposure of nothing',
    message: ({ upstream, server }) => `server \`${server}\` exposes nothing of upstream \`${upstream}\``,
    help: () => ['remove the exposure, or expose its tools, prompts or resources'],
  }),
  GW2036: entry<{ name: string; owner: string; meant: string | undefined }>({
    severity: 'warning',
    title: 'Name that nothing exposes',
    message: ({ name, owner }) => `no server with ${owner} exposes a name that \`${name}\` matches`,
    help: ({ meant }) => [didYouMean(meant)],
    note: () => ['policies and limits go by exposed names: with their prefix, and after a rename'],
  }),
  GW2040: entry<{ path: string; before: string; after: string }>({
    severity: 'error',
    title: 'Overlay of another kind',
    message: ({ path, before, after }) => `\`${path}\` is ${before}, and ${after} in the overlay`,
    label: ({ after }) => `${after} here`,
    help: () => [
      'write what the base has there, or remove the key with `null` in an overlay before this one',
    ],
  }),
  GW2041: entry<{ what: string; nearest: string | undefined }>({
    severity: 'error',
    title: 'Overlay that removes nothing',
    message: ({ what }) => `there is no \`${what}\` to remove`,
    help: ({ nearest }) => [didYouMean(nearest) ?? 'remove the line'],
  }),
  GW2042: entry<{ by: string; name: string }>({
    severity: 'error',
    title: 'Overlay of one of several entries',
    message: ({ by, name }) => `which entry with \`${by}: ${name}\` is meant cannot be told`,
    help: () => [
      'write the whole list in the base, or remove it with `null` and give it in a second overlay',
    ],
  }),
  GW2060: entry({
    severity: 'error',
    title: 'Peers without a common secret',
    message: () => '`peers` without `sealing.keys`: gateways cannot tell each other from strangers',
    help: () => ['give all gateways the same `sealing: { keys: [...] }`'],
    note: () => ['without keys each process seals with one of its own, and no other can read what it sealed'],
  }),
  GW2061: entry<{ address: string; fault: 'unix' | 'port' | 'wildcard' }>({
    severity: 'error',
    title: 'Peers that cannot be reached',
    message: ({ address, fault }) =>
      ({
        unix: `\`${address}\` is on this machine alone: other gateways cannot reach it`,
        port: `\`${address}\` leaves the port to the system: other gateways cannot know it`,
        wildcard: `\`${address}\` is no address that other gateways can reach`,
      })[fault],
    help: ({ fault }) => [
      fault === 'wildcard'
        ? 'say in `advertise` where they reach this one, such as `${env:POD_IP}:7946`'
        : 'bind an address and a port, such as `10.0.0.5:7946`',
    ],
  }),
  GW2062: entry<{ listener: string; address: string }>({
    severity: 'error',
    title: 'Peers on the address of a listener',
    message: ({ listener, address }) => `peers cannot bind \`${address}\`: listener \`${listener}\` has it`,
    help: () => ['give peers a port of their own'],
  }),
};
