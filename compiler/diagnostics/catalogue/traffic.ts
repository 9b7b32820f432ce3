/** GW3185 to GW3199, GW321x: what protects an upstream, and does not. */
import { entry } from '../entry.ts';

export const TRAFFIC = {
  GW3185: entry<{ name: string; balance: string }>({
    severity: 'warning',
    title: 'Choice among one endpoint',
    message: ({ name, balance }) =>
      `\`balance: ${balance}\` of upstream \`${name}\` has no effect with one endpoint`,
    help: () => ['add another to `endpoints`, or remove `balance`'],
  }),
  GW3186: entry<{ name: string }>({
    severity: 'warning',
    title: 'Hedge that no tool call gets',
    message: ({ name }) => `no tool call of upstream \`${name}\` is ever sent a second time`,
    help: () => [
      'add `trust: { annotations: honour }` if what the upstream says of its tools can be believed, or remove `hedge`',
    ],
    note: () => ['only what is harmless to repeat is hedged, and without annotations no tool is'],
  }),
  GW3187: entry<{ name: string; after: string; within: string }>({
    severity: 'warning',
    title: 'Hedge after the deadline',
    message: ({ name, after, within }) =>
      `the hedge of upstream \`${name}\` waits ${after}, and its calls ${within} at most`,
    help: ({ within }) => [`let \`after\` be shorter than ${within}`],
  }),
  GW3188: entry<{ name: string; delays: string; call: string }>({
    severity: 'warning',
    title: 'Retries that last longer than the call',
    message: ({ name, delays, call }) =>
      `the delays between attempts at upstream \`${name}\` come to ${delays}, and its calls end after ${call}`,
    help: () => ['lower `maxAttempts` or `backoff`, or give `timeouts.call` more time'],
    note: () => ['no attempt is begun that could not end in time'],
  }),
  GW3210: entry<{ header: string }>({
    severity: 'error',
    title: 'Header that tells no deadline',
    message: ({ header }) => `\`${header}\` tells something else, and no deadline`,
    help: () => ['name the header in which callers tell how many milliseconds they wait'],
  }),
  GW3211: entry<{ name: string }>({
    severity: 'warning',
    title: 'Hedge of sessions',
    message: ({ name }) => `the hedge of upstream \`${name}\` is never sent, as it is spoken to in sessions`,
    help: () => [
      'let `protocol.era` be `match-client` or `modern` if it speaks the modern era, or remove `hedge`',
    ],
    note: () => ['a session stays with one endpoint, and a request of it is sent once'],
  }),
  GW3212: entry<{ name: string }>({
    severity: 'error',
    title: 'API that is in two ways',
    message: ({ name }) => `upstream \`${name}\` has a \`baseUrl\` beside its \`endpoints\``,
    help: () => ['remove `baseUrl`, and let `endpoints` name all places'],
  }),
};
