/** `key` of limits: what is counted apart. */
import { cel, listOf } from '../value.ts';

export const limitKey = (example: readonly string[]) =>
  listOf(
    cel('call', 'any', {
      description:
        'A CEL expression, without `result`. Callers choose their arguments: a key of `args` wants a limit by `principal.id` beside it. `client.address` is of an IPv6 client its network, as `2001:db8::/64`, in which it moves at will. `principal.id` counts equal ids of different identities apart, by itself and as a part of a text or a list; what is only compared with it, or made of it by a function, does not.',
    }),
    {
      description: 'What is counted apart. Empty: one count for all.',
      default: ['principal.id'],
      examples: [example],
    },
  );
