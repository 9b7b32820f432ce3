/** GW304x and GW305x: values that do not fit one another. */
import { didYouMean, entry, oneOfWords } from '../entry.ts';

export const FIT = {
  GW3040: entry<{ name: string; known: readonly string[] }>({
    severity: 'error',
    title: 'Server that does not say who may call',
    message: ({ name }) => `server \`${name}\` does not say who may call`,
    help: ({ known }) => [
      known.length === 0
        ? 'add `identity: [...]` and define it'
        : `add \`identity: [...]\` with ${oneOfWords(known)}`,
      'or write `anonymous: true` if anybody may',
    ],
  }),
  GW3041: entry<{ owner: string }>({
    severity: 'error',
    title: 'Both `identity` and `anonymous: true`',
    message: ({ owner }) => `${owner} asks for an identity and admits anybody`,
    help: () => ['remove `identity` or `anonymous`'],
  }),
  GW3042: entry<{ key: string; name: string }>({
    severity: 'error',
    title: 'Key for operations listeners only',
    message: ({ key, name }) => `\`${key}\` has no effect on listener \`${name}\``,
    help: () => ['say it at the servers, or make this an operations listener with `serve`'],
  }),
  GW3043: entry<{ name: string }>({
    severity: 'error',
    title: 'HTTP/2 without TLS',
    message: ({ name }) => `listener \`${name}\` offers \`h2\` without \`tls\``,
    help: () => ['add `tls` with `certificate` and `key`, or remove `h2`'],
    note: () => ['clients agree on HTTP/2 within the TLS handshake'],
  }),
  GW3044: entry<{ name: string; bind: string; services: readonly string[] }>({
    severity: 'error',
    title: 'Listener without a name',
    message: ({ name }) => `listener \`${name}\` has no \`url\``,
    help: () => ['add `url` as callers see it, such as `url: https://mcp.example.com`, or list `hosts`'],
    note: ({ bind, services }) => [
      `no Host header can be expected from \`${bind}\`, so that every request ${services.length === 0 ? '' : `for ${services.map((service) => `\`${service}\``).join(', ')} `}would be refused`,
    ],
  }),
  GW3045: entry<{ name: string }>({
    severity: 'error',
    title: 'Both `jwks` and `jwksFile`',
    message: ({ name }) => `identity \`${name}\` has both \`jwks\` and \`jwksFile\``,
    help: () => ['keep one of the two'],
  }),
  GW3046: entry<{ name: string; found: 'both' | 'neither' }>({
    severity: 'error',
    title: 'A `cel` policy needs one of `allow` and `deny`',
    message: ({ name, found }) =>
      `policy \`${name}\` has ${found === 'both' ? 'both' : 'neither'} \`allow\` ${found === 'both' ? 'and' : 'nor'} \`deny\``,
    help: ({ found }) => [
      found === 'both'
        ? 'make two policies of it, or join the conditions'
        : 'add `allow` or `deny` with a condition',
    ],
  }),
  GW3047: entry<{ name: string }>({
    severity: 'error',
    title: 'Breaker that never opens',
    message: ({ name }) => `the breaker of upstream \`${name}\` has nothing that opens it`,
    help: () => ['add `consecutive: 5`, `errorRate: 50%` or both'],
  }),
  GW3048: entry<{ name: string }>({
    severity: 'error',
    title: 'Limit without a bound',
    message: ({ name }) => `limit \`${name}\` bounds nothing`,
    help: () => ['add `callTimeout`, `callMax` or `resultBytes`'],
  }),
  GW3049: entry<{
    shorter: string;
    longer: string;
    least: string;
    most: string;
    assumed: string | undefined;
  }>({
    severity: 'error',
    title: 'Times in the wrong order',
    message: ({ shorter, longer, least, most }) =>
      `\`${shorter}\` (${least}) is longer than \`${longer}\` (${most})`,
    help: ({ shorter, longer }) => [`make \`${longer}\` at least as long as \`${shorter}\``],
    note: ({ assumed, shorter, least, most }) => [
      assumed === undefined
        ? undefined
        : `\`${assumed}\` is not given and defaults to ${assumed === shorter ? least : most}`,
    ],
  }),
  GW3050: entry<{ header: string; use: 'forward' | 'set'; reason: 'credential' | 'own' }>({
    severity: 'error',
    title: 'Header that is not yours to send',
    message: ({ header, use }) => `\`${header}\` cannot be ${use === 'forward' ? 'forwarded' : 'set'}`,
    help: ({ reason }) => [
      reason === 'credential' ? 'give the upstream a credential of its own with `credentials`' : 'remove it',
    ],
    note: ({ reason }) => [
      reason === 'credential'
        ? "the caller's credentials are for the gateway and never leave it"
        : 'the gateway sets this header itself, or it belongs to the connection',
    ],
  }),
  GW3051: entry<{ header: string }>({
    severity: 'error',
    title: 'Header sent twice',
    message: ({ header }) => `\`${header}\` would be sent twice`,
    label: () => 'given again here',
    help: () => ['keep one of the two; upper and lower case are the same'],
  }),
  GW3052: entry<{ header: string }>({
    severity: 'error',
    title: 'Invalid header value',
    message: ({ header }) => `the value of \`${header}\` cannot be sent in a header`,
    help: () => ['remove line breaks and other control characters'],
  }),
  GW3053: entry<{ name: string }>({
    severity: 'error',
    title: 'Scopes without tokens',
    message: ({ name }) => `server \`${name}\` asks for scopes, but none of its identities has any`,
    help: () => ['add an identity of type `jwt`, or remove `scopes`'],
  }),
  GW3054: entry<{ url: string; origin: string }>({
    severity: 'error',
    title: 'URL of a listener with a path',
    message: ({ url }) => `the URL of a listener is an origin, without path or query: \`${url}\``,
    help: ({ origin }) => [`write \`${origin}\`; paths belong to \`at\` of servers`],
  }),
  GW3055: entry<{ id: string }>({
    severity: 'error',
    title: 'Key id used twice',
    message: ({ id }) => `the key id \`${id}\` is used twice`,
    label: () => 'used again here',
    help: () => ['remove or rename one of the two'],
  }),
  GW3056: entry<{ server: string; identity: string }>({
    severity: 'warning',
    title: 'Key for a server that does not take it',
    message: ({ server, identity }) => `server \`${server}\` does not accept identity \`${identity}\``,
    label: () => 'this key does not open it',
    help: ({ server, identity }) => [
      `add \`${identity}\` to \`identity\` of server \`${server}\`, or remove \`${server}\` here`,
    ],
  }),
  GW3057: entry<object>({
    severity: 'error',
    title: 'Not a key set',
    message: () => 'this is not a JSON Web Key Set',
    help: () => ['a key set is an object with a list `keys` that is not empty'],
  }),
  GW3058: entry<{ member: string }>({
    severity: 'error',
    title: 'Private key in a key set',
    message: ({ member }) => `this key holds a secret: \`${member}\``,
    help: () => ['publish the public half only, and replace this key: it was exposed'],
    note: () => ['who can read a private or shared key can sign tokens with it'],
  }),
  GW3059: entry<{ index: number; problem: string }>({
    severity: 'error',
    title: 'Key that cannot be used',
    message: ({ index, problem }) => `key ${index + 1} of the set cannot be used: ${problem}`,
  }),
  GW3060: entry<{ method: string; methods: readonly string[]; nearest: string | undefined }>({
    severity: 'warning',
    title: 'Permission for a method that is not decided on',
    message: ({ method }) => `a permission for \`${method}\` permits nothing`,
    help: ({ methods, nearest }) => [didYouMean(nearest), `policies decide on ${oneOfWords(methods)}`],
    note: () => ['lists show what may be called; completions and subscriptions follow their target'],
  }),
  GW3061: entry<{ method: string; key: string; meant: string }>({
    severity: 'warning',
    title: 'Permission bounded by what its method has not',
    message: ({ method, key }) => `a permission for \`${method}\` with \`${key}\` alone permits nothing`,
    help: ({ meant }) => [`write \`${meant}\``],
  }),
  GW3092: entry<{ name: string; passes: boolean }>({
    severity: 'warning',
    title: 'Condition that does not hang on the call',
    message: ({ name, passes }) =>
      passes ? `policy \`${name}\` lets every call pass` : `policy \`${name}\` denies every call`,
    help: () => ['say what it hangs on, such as `principal`, `tool` or `args`; or remove the policy'],
  }),
};
