/** Who calls on a connection that is kept: what is remembered of a header must not outlast it, nor what it was judged by. */
import { setImmediate } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { GatewayError } from '../../../runtime/errors.ts';
import type { Handler } from '../../../runtime/generation.ts';
import { prepareAuthenticate } from '../../../runtime/identity/authenticate.ts';
import { replyError, replyText } from '../../../runtime/listen/reply.ts';
import type { RevocationJudge } from '../../../runtime/revocation/revocations.ts';
import { makeSigningKey, mint, type SigningKey } from '../../support/issuer.ts';
import { listenerNode, serve } from '../listen/listener-fixture.ts';
import { RawConnection } from '../listen/raw-client.ts';
import { goodClaims, localIdentity, NOW_MS, RESOURCE } from './identity-fixtures.ts';

let key: SigningKey;
let stranger: SigningKey;

beforeAll(async () => {
  [key, stranger] = await Promise.all([makeSigningKey('ES256', 'es'), makeSigningKey('ES256', 'es')]);
});

const tokenOf = (sub: string, by = key): Promise<string> => mint(by, goodClaims(), { claims: { sub } });

/** A server that answers who calls, and the connection of somebody who does so again and again. */
const open = async (revoked: ReadonlySet<string> = new Set()) => {
  const clock = { nowMs: NOW_MS };
  const revocations: RevocationJudge = {
    mayRefuse: true,
    verdict: ({ id }) => (revoked.has(id) ? 'revoked' : 'admitted'),
  };
  const authenticate = prepareAuthenticate(
    { name: RESOURCE.server, identities: ['workforce'], anonymous: false, scopes: [], url: RESOURCE.url },
    new Map([['workforce', localIdentity([key.publicJwk])]]),
    revocations,
  );
  const whoami: Handler = (exchange) =>
    authenticate(exchange, clock.nowMs, (outcome) => {
      if (outcome instanceof GatewayError) replyError(exchange, outcome);
      else replyText(exchange, 200, 'text/plain', `<${outcome.id}>`);
    });
  const served = await serve(listenerNode(), { '/mcp': whoami });
  const connection = new RawConnection(served.port);
  const ask = async (...fields: readonly string[]): Promise<string> => {
    connection.text = '';
    connection.write(
      `GET /mcp HTTP/1.1\r\nHost: localhost\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`,
    );
    while (!/\r\n\r\n(?:<\w+>|\{.*\})$/s.test(connection.text)) await setImmediate();
    const status = connection.text.slice(9, 12);
    return status === '200' ? connection.text.match(/<(\w+)>$/)![1]! : status;
  };
  const show = (token: string): Promise<string> => ask(`Authorization: Bearer ${token}`);
  return { clock, ask, show, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
};

it('is told by each request, also where all that differs is the token, and that is as long', async () => {
  await using caller = await open();
  const [alice, clara] = [await tokenOf('alice'), await tokenOf('clara')];
  expect(alice).toHaveLength(clara.length);
  for (const [token, id] of [
    [alice, 'alice'],
    [alice, 'alice'],
    [alice, 'alice'],
    [clara, 'clara'],
    [alice, 'alice'],
    [clara, 'clara'],
    [clara, 'clara'],
  ] as const)
    expect(await caller.show(token)).toBe(id);
});

it('is nobody without the header, with half of it, with two of them, or with a token that another key has signed', async () => {
  await using caller = await open();
  const token = await tokenOf('alice');
  for (let times = 0; times < 3; times += 1) expect(await caller.show(token)).toBe('alice');
  expect(await caller.ask()).toBe('401');
  expect(await caller.show(token.slice(0, -1))).toBe('401');
  expect(await caller.show(`${token}A`)).toBe('401');
  expect(await caller.ask(`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`)).toBe('400');
  expect(await caller.ask(`Authorization: Basic ${token}`)).toBe('401');
  expect(await caller.show(await tokenOf('alice', stranger))).toBe('401');
  expect(await caller.show(token)).toBe('alice');
});

it('is refused from the moment that the principal is revoked, and admitted again once that is lifted', async () => {
  const revoked = new Set<string>();
  await using caller = await open(revoked);
  const token = await tokenOf('alice');
  for (let times = 0; times < 3; times += 1) expect(await caller.show(token)).toBe('alice');
  revoked.add('alice');
  expect(await caller.show(token)).toBe('401');
  revoked.clear();
  expect(await caller.show(token)).toBe('alice');
});

it('is refused from the moment that the token has expired', async () => {
  await using caller = await open();
  const token = await tokenOf('alice');
  for (let times = 0; times < 3; times += 1) expect(await caller.show(token)).toBe('alice');
  caller.clock.nowMs += 306_000;
  expect(await caller.show(token)).toBe('401');
});

it('is the same with other headers beside the token, as those of a call differ from those of another', async () => {
  await using caller = await open();
  const token = await tokenOf('alice');
  for (const name of ['a', 'b', 'b', 'b', 'a', 'ccc'])
    expect(await caller.ask(`X-Name: ${name}`, `Authorization: Bearer ${token}`)).toBe('alice');
});
