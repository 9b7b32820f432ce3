/** GW3xxx: values and expressions. */
import type { ReferenceProblem } from '../../../schema/reference.ts';
import { didYouMean, entry, oneOfWords } from '../entry.ts';

interface UnitData {
  readonly text: string;
  readonly suggestion: string | undefined;
  readonly units: readonly string[];
}

const unitEntry = (title: string, what: string, example: string) =>
  entry<UnitData>({
    severity: 'error',
    title,
    message: ({ text }) => `\`${text}\` is not ${what}`,
    help: ({ suggestion, units }) => [
      suggestion === undefined
        ? `write a number and its unit, such as \`${example}\`; units: ${oneOfWords(units)}`
        : `write \`${suggestion}\``,
    ],
  });

export const VALUES = {
  GW3001: unitEntry('Invalid duration', 'a duration', '30s'),
  GW3002: unitEntry('Invalid size', 'a size', '4MiB'),
  GW3003: unitEntry('Invalid rate', 'a rate', '600/m'),
  GW3004: unitEntry('Invalid percentage', 'a percentage from 0% to 100%', '50%'),
  GW3171: entry<{ limit: string; method: string; cost: number; most: number }>({
    severity: 'error',
    title: 'Cost that never passes',
    message: ({ limit, method, cost, most }) =>
      `a request of \`${method}\` costs ${cost}, and limit \`${limit}\` never has more than ${most}`,
    help: ({ most }) => [`let it cost ${most} at most, or let more come at once`],
  }),
  GW3172: entry<{ limit: string; method: string }>({
    severity: 'warning',
    title: 'Cost that never counts',
    message: ({ limit, method }) => `limit \`${limit}\` counts no request of \`${method}\``,
    help: () => ['with `tools`, only `tools/call` counts: remove the cost, or `tools`'],
  }),
  GW3173: entry<{ limit: string; by: string }>({
    severity: 'warning',
    title: 'Limit that never refuses',
    message: ({ limit, by }) => `limit \`${limit}\` never refuses a request: \`${by}\` always does before`,
    help: ({ limit, by }) => [`make \`${limit}\` stricter, or \`${by}\` less strict, or remove one of them`],
  }),
  GW3174: entry<{ limit: string }>({
    severity: 'warning',
    title: 'Waiting time without a queue',
    message: ({ limit }) => `nobody waits for a place of limit \`${limit}\``,
    help: () => ['say with `queue` how many may wait, or remove `queueTimeout`'],
  }),
  GW3170: unitEntry('Invalid quota', 'a quota', '100000/30d'),
  GW3005: entry<{ text: string; suggestion: string | undefined }>({
    severity: 'error',
    title: 'Invalid address range',
    message: ({ text }) => `\`${text}\` is not an address range`,
    help: ({ suggestion }) => [
      suggestion === undefined
        ? 'write an address or a range such as `10.0.0.0/8` or `"2001:db8::/32"`'
        : `write \`${suggestion}\``,
    ],
  }),
  GW3006: entry<{ text: string; problem: string; suggestion: string | undefined }>({
    severity: 'error',
    title: 'Invalid URL',
    message: ({ text, problem }) => `\`${text}\` cannot be used as a URL: ${problem}`,
    help: ({ suggestion }) => [
      suggestion === undefined
        ? 'write it whole, such as `https://mcp.example.com/mcp`'
        : `write \`${suggestion}\``,
    ],
  }),
  GW3062: entry<{ text: string; suggestion: string | undefined }>({
    severity: 'error',
    title: 'Invalid address of a store',
    message: ({ text }) => `\`${text}\` does not say where a store is`,
    help: ({ suggestion }) => [
      suggestion === undefined
        ? 'write scheme, host and port, such as `rediss://valkey.internal:6379`'
        : `write \`${suggestion}\``,
    ],
    note: () => ['user and password have fields of their own'],
  }),
  GW3150: entry<{ text: string; fault: 'shape' | 'port' | 'wildcard' }>({
    severity: 'error',
    title: 'Invalid address of a gateway',
    message: ({ text, fault }) =>
      ({
        shape: `\`${text}\` does not say where others reach this gateway`,
        port: `\`${text}\` has no port that others could know`,
        wildcard: `\`${text}\` is no address that others can reach`,
      })[fault],
    help: () => ['write `host:port`, such as `10.0.0.5:7946`, `[fd00::5]:7946` or `${env:POD_IP}:7946`'],
  }),
  GW3007: entry<{ text: string; suggestion: string | undefined }>({
    severity: 'error',
    title: 'Invalid origin',
    message: ({ text }) => `\`${text}\` is not a web origin`,
    help: ({ suggestion }) => [
      suggestion === undefined
        ? 'write scheme, host and port, such as `https://app.example.com`'
        : `write \`${suggestion}\``,
    ],
    note: () => ['an origin has no path, and no `*` in its host'],
  }),
  GW3008: entry<{ text: string; suggestion: string | undefined }>({
    severity: 'error',
    title: 'Invalid host',
    message: ({ text }) => `\`${text}\` is not a value of the Host header`,
    help: ({ suggestion }) => [
      suggestion === undefined
        ? 'write a name or an address, with or without port, such as `mcp.example.com`'
        : `write \`${suggestion}\``,
    ],
  }),
  GW3009: entry<{ text: string; suggestion: string | undefined; isName: boolean }>({
    severity: 'error',
    title: 'Invalid bind address',
    message: ({ text }) => `\`${text}\` is not an address and port`,
    help: ({ suggestion }) => [
      suggestion === undefined
        ? 'write `127.0.0.1:8080`, `"[::1]:8080"` or `unix:/run/gatewright.sock`'
        : `write \`${suggestion}\``,
    ],
    note: ({ isName }) => [
      isName ? 'a listener binds an address of this machine; what callers call it is its `url`' : undefined,
    ],
  }),
  GW3010: entry<{ text: string; problem: string; suggestion: string | undefined }>({
    severity: 'error',
    title: 'Invalid path',
    message: ({ text, problem }) => `\`${text}\` cannot be the path of an endpoint: ${problem}`,
    help: ({ suggestion }) => [
      suggestion === undefined ? 'write a path such as `/mcp`' : `write \`${suggestion}\``,
    ],
  }),
  GW3011: entry<{ text: string }>({
    severity: 'error',
    title: 'Invalid header name',
    message: ({ text }) => `\`${text}\` is not a header name`,
    help: () => ['write the name alone, without `:` and value, such as `x-request-id`'],
  }),
  GW3012: entry<{ text: string; problem: string }>({
    severity: 'error',
    title: 'Invalid pattern',
    message: ({ text, problem }) => `\`${text}\` cannot match a name: ${problem}`,
    help: () => ['write a name, or a name with `*` for any characters, such as `get_*`'],
  }),
  GW3013: entry<{ text: string }>({
    severity: 'error',
    title: 'Invalid date',
    message: ({ text }) => `\`${text}\` is not a date`,
    help: () => ['write year, month and day, such as `2027-06-30`'],
  }),
  GW3014: entry<{ text: string; canonical: string }>({
    severity: 'warning',
    title: 'Range with host bits',
    message: ({ text, canonical }) =>
      `\`${text}\` has bits set beyond its prefix; it stands for \`${canonical}\``,
    help: ({ canonical }) => [`write \`${canonical}\``],
  }),
  GW3015: entry<{ text: string; problem: string }>({
    severity: 'error',
    title: 'Invalid path of a file',
    message: ({ text, problem }) => `\`${text}\` cannot be the path of a file: ${problem}`,
  }),
  GW3017: entry<{ text: string }>({
    severity: 'error',
    title: 'Invalid instant',
    message: ({ text }) => `\`${text}\` is not an instant`,
    help: () => ['write date, time and zone, such as `2027-06-30T23:59:59Z`'],
  }),
  GW3030: entry<{
    reason: ReferenceProblem['reason'];
    subject: string;
    nearest: string | undefined;
    /** The whole reference, as it should be. */
    meant: string | undefined;
  }>({
    severity: 'error',
    title: 'Malformed reference',
    message: ({ reason, subject }) =>
      ({
        unterminated: 'this reference has no closing `}`',
        'unknown-source': `nothing can be referred to by \`${subject}\``,
        'bad-name': `\`${subject}\` is not the name of an environment variable`,
        'no-path': 'this reference names no file',
      })[reason],
    help: ({ nearest, meant }) => [
      didYouMean(nearest ?? meant),
      'write `${env:NAME}`, `${env:NAME:-default}`, `${env:NAME:?message}` or `${file:path}`; `$$` stands for a dollar',
    ],
  }),
  GW3031: entry<{ text: string }>({
    severity: 'error',
    title: 'Reference where the value must be known',
    message: ({ text }) =>
      `this must be known when the configuration is compiled, so that it cannot be \`${text}\``,
    help: () => ['write the value itself'],
    note: () => ['references stand for secrets, texts, numbers, durations and sizes only'],
  }),
  GW3032: entry<{ what: string; meant: string | undefined }>({
    severity: 'error',
    title: 'Secret that is not a reference',
    message: ({ what }) => `\`${what}\` must be a reference, not the secret itself`,
    help: ({ meant }) => [
      meant === undefined
        ? 'refer to it: `${file:/run/secrets/name}` or `${env:NAME}`'
        : `write \`${meant}\` for the variable of that name`,
    ],
    note: () => ['configurations end up in version control, in backups and on screens'],
  }),
  GW3033: entry<{ name: string; problem: string }>({
    severity: 'error',
    title: 'Default of a reference',
    message: ({ name, problem }) => `the default of \`${name}\` ${problem}`,
    help: () => ['write a default that the field would take as it is, or none'],
    note: () => ['what the variable holds is judged in the same way where it is set'],
  }),
  GW3090: entry<{ what: string; path: string }>({
    severity: 'error',
    title: 'Path where a reference is due',
    message: ({ what }) => `\`${what}\` is the path of a file, not a reference to it`,
    help: ({ path }) => [`write \`\${file:${path}}\``],
    note: () => ['what a reference names is read when it is needed, and again when it changes'],
  }),
  GW3091: entry<{ what: string; kind: string }>({
    severity: 'error',
    title: 'Certificate or key written out',
    message: ({ what, kind }) => `\`${what}\` holds ${kind} itself`,
    help: ({ what }) => [`move it to a file and write \`\${file:/run/tls/${what}.pem}\``],
    note: () => ['it is replaced without a change of the configuration, and never stands in version control'],
  }),
};
