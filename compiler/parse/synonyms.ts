/** What other programs call what has another name here. */

const plain = (word: string): string => word.toLowerCase().replace(/[-_. ]/g, '');

const table = (entries: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const [meant, words] of Object.entries(entries))
    for (const word of words.split(' ')) found.set(word, [...(found.get(word) ?? []), meant]);
  return found;
};

/** By the key of this language: those of others, in lower case and without signs between words. */
const KEYS = table({
  endpoints: 'url urls uri host address target targets serverurl baseurl',
  bind: 'listen address host port addr socketaddress',
  env: 'environment envs environmentvariables',
  directory: 'cwd workdir workingdir workingdirectory',
  jwks: 'jwksuri jwksurl jwkurl jwksendpoint',
  jwksFile: 'jwkspath',
  keysFile: 'keys file path',
  audience: 'aud audiences clientid',
  issuer: 'iss authority issueruri issuerurl',
  retry: 'retries retrypolicy attempts maxretries',
  timeouts: 'timeoutms timeoutseconds deadline',
  breaker: 'circuitbreaker outlierdetection',
  allow: 'include includes allowlist whitelist permit only permissions',
  deny: 'exclude excludes denylist blacklist forbid',
  origins: 'cors allowedorigins alloworigins corsorigins',
  hosts: 'allowedhosts servername domains',
  tls: 'ssl https',
  certificate: 'cert certfile certpath certificatefile certificatepath sslcertificate',
  key: 'privatekey keypath sslcertificatekey',
  identity: 'auth authentication authn',
  policies: 'policy authorization authz acl rules',
  limits: 'ratelimit ratelimits ratelimiting throttling',
  upstreams: 'backends clusters targets',
  servers: 'routes routers virtualservers endpoints',
  listeners: 'binds entrypoints ports',
  upstream: 'backend cluster target service server',
  expose: 'backends upstreams routes',
  at: 'listen listeners path paths',
  because: 'reason message description',
  when: 'if condition expression subjects',
  callTimeout: 'timeout',
  resultBytes: 'maxbytes maxsize size',
  rate: 'limit requests requestspersecond rps',
  rename: 'aliases alias',
});

/** By the word of this language: those of others. */
const WORDS = table({
  http: 'streamablehttp streamable sse https remote url mcp',
  stdio: 'command local process subprocess exec',
  openapi: 'rest swagger api',
  jwt: 'oauth oauth2 token',
  'api-key': 'key keys',
  rate: 'ratelimit throttle requests',
  bounds: 'timeout size bound',
  rbac: 'roles role',
  cel: 'expression condition',
  production: 'prod',
  development: 'dev local',
  warn: 'warning',
  error: 'err fatal critical',
  debug: 'trace verbose',
  silent: 'off none',
  pretty: 'text console',
  h2: 'http2 http/2',
  'http/1.1': 'http1 http/1 http11',
  '1.3': 'tlsv13 tls13 tls1.3',
  '1.2': 'tlsv12 tls12 tls1.2',
  'per-principal': 'principal user peruser',
  'per-session': 'session',
  'http-503': '503',
  'http-502': '502',
  'http-504': '504',
  'http-429': '429',
  'connect-error': 'connectfailure reset',
});

const among = (
  names: ReadonlyMap<string, readonly string[]>,
  word: string,
  candidates: readonly string[],
): string | undefined => names.get(plain(word))?.find((meant) => candidates.includes(meant));

/** The key of `candidates` that others call `key`. */
export const keyMeant = (key: string, candidates: readonly string[]): string | undefined =>
  among(KEYS, key, candidates);

/** The word of `candidates` that others call `word`. */
export const wordMeant = (word: string, candidates: readonly string[]): string | undefined =>
  among(WORDS, word, candidates);

const VERIFY = /^(?:verify|insecure|skipverify|insecureskipverify|rejectunauthorized|sslverify|tlsverify)$/;

/** What to do instead, for keys of others that have no counterpart here. */
export const keyAdvice = (key: string, candidates: readonly string[]): string | undefined => {
  const word = plain(key);
  if (VERIFY.test(word))
    return 'certificates are always verified; name the authority that issued them in `tls.ca`';
  if (/^(?:args|arguments|params)$/.test(word) && candidates.includes('command'))
    return '`command` is the program and its arguments, each an item of the list';
  if (/^(?:x-|\.)/.test(key))
    return 'no key is for definitions alone: mark a value with `&name` where it is used first, and write `*name` after';
  const isOfHeaders = candidates.includes('forward') && candidates.includes('set');
  if (isOfHeaders && /^(?:authorization|cookie|xapikey|apikey|token)$/.test(word))
    return "the upstream's credential stands in `credentials`";
  if (isOfHeaders) return `a header that is added stands below \`set\`: \`set: { ${key}: … }\``;
  if (/^(?:secret|sharedsecret|hmacsecret|clientsecret)$/.test(word) && candidates.includes('jwksFile'))
    return "a secret that is shared is not accepted: tokens are checked with the issuer's public keys";
  return undefined;
};

/** Why a word that others know is not among those allowed, where taking the next best would be a mistake. */
export const refusalOf = (word: string): string | undefined => {
  if (/^HS\d{3}$/i.test(word)) return 'whoever can check a signature by a shared secret can make one, too';
  return /^none$/i.test(word) ? 'a token without a signature can be made by anybody' : undefined;
};
