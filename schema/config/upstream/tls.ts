/** TLS towards whatever an upstream is. */
import { closed, optional, secret } from '../value.ts';

/** `towards` says in the manual who is at the other end. */
export const tlsTowards = (towards: string) =>
  closed(
    {
      ca: optional(
        secret({
          description: 'PEM certificates of a private authority, instead of the public ones.',
          examples: ['${file:/run/tls/ca.pem}'],
        }),
      ),
    },
    { description: `TLS towards ${towards}.`, default: {} },
  );
