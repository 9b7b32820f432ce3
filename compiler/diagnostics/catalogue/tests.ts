/** GW104x: files of tests. */
import { didYouMean, entry, oneOfWords } from '../entry.ts';

const MANY = 12;

export const TESTS = {
  GW1040: entry<{ what: string; name: string; nearest: string | undefined; known: readonly string[] }>({
    severity: 'error',
    title: 'Unknown name in a test',
    message: ({ what, name }) => `unknown ${what} \`${name}\``,
    label: ({ what }) => `no ${what} has this name`,
    help: ({ nearest, known }) => [
      nearest
        ? didYouMean(nearest)
        : known.length === 0 || known.length > MANY
          ? undefined
          : `there is ${oneOfWords(known)}`,
    ],
  }),
  GW1041: entry<{ found: readonly string[] }>({
    severity: 'error',
    title: 'Test that does not ask for one thing',
    message: ({ found }) =>
      found.length === 0 ? 'this test asks for nothing' : `this test asks for ${found.length} things`,
    help: ({ found }) => [
      found.length === 0
        ? 'add `call`, `prompt`, `read` or `list`'
        : `keep one of ${found.map((key) => `\`${key}\``).join(' and ')}`,
    ],
  }),
  GW1042: entry<{ problem: string; help: string }>({
    severity: 'error',
    title: 'Expectation that says nothing, or cannot hold',
    message: ({ problem }) => problem,
    help: ({ help }) => [help],
  }),
  GW1043: entry<{ what: string; name: string; server: string; nearest: string | undefined }>({
    severity: 'error',
    title: 'Test of something that no upstream offers',
    message: ({ what, name, server }) => `server \`${server}\` has no ${what} \`${name}\``,
    help: ({ nearest }) => [
      nearest ? didYouMean(nearest) : 'if that is what is tested, expect `{ deny: expose }`',
    ],
    note: () => [
      'what there is, is told by gateway.lock, by OpenAPI documents and by `upstreams` of the test file',
    ],
  }),
  GW1044: entry<{ server: string }>({
    severity: 'error',
    title: 'Test of a result that nothing reads',
    message: ({ server }) => `nothing of server \`${server}\` reads results`,
    help: () => ['remove `result`: what an upstream answers changes nothing here'],
  }),
  GW1045: entry<{ name: string; found: 'both' | 'neither' }>({
    severity: 'error',
    title: 'Caller without exactly one of `claims` and `key`',
    message: ({ name, found }) =>
      found === 'both'
        ? `principal \`${name}\` has claims and a key`
        : `principal \`${name}\` has neither claims nor a key`,
    help: () => ['a caller has the claims of a token, or an API key'],
    note: ({ found }) => [found === 'neither' ? 'who has no credential is `anonymous`' : undefined],
  }),
};
