import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { makeSigningKey, mint } from '../../support/issuer.ts';
import { legacyRequest, openSession, type SessionHeaders } from '../../support/legacy-client.ts';
import { startLegacyTasks } from '../clients/upstreams/legacy-tasks.ts';

const ISSUER = 'https://id.test.example';

it('H5: a list of tasks shows those of the caller, though the upstream would show all', async () => {
  await using tasks = await startLegacyTasks();
  const key = await makeSigningKey('ES256', 'k1');
  const identity = { staff: { type: 'jwt', issuer: ISSUER, jwksFile: './jwks.json' } };
  await using gateway = await startTestGateway(
    configuration({ tasks: tasks.url }, { identity, server: { identity: ['staff'] } }),
    { files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) } },
  );
  const sessionOf = async (sub: string): Promise<SessionHeaders> => {
    const seconds = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, sub, aud: gateway.audience(), iat: seconds, exp: seconds + 300 };
    return openSession(gateway.url(), { authorization: `Bearer ${await mint(key, claims)}` });
  };
  const asked = async (session: SessionHeaders, method: string, params: object = {}) => {
    const { text } = await legacyRequest(gateway.url(), method, params, session);
    return JSON.parse(/^(?:data: )?(\{.*\})$/m.exec(text)![1]!);
  };
  const create = async (session: SessionHeaders) => {
    const params = { name: 'report', arguments: { note: 'endless' }, task: { ttl: 60_000 } };
    return (await asked(session, 'tools/call', params)).result.task.taskId as string;
  };
  const list = async (session: SessionHeaders) =>
    (await asked(session, 'tasks/list')).result.tasks.map(({ taskId }: { taskId: string }) => taskId);

  const [alice, bob] = [await sessionOf('alice'), await sessionOf('bob')];
  const hers = [await create(alice), await create(alice)];
  const his = await create(bob);
  expect(tasks.ids()).toHaveLength(3);
  expect(await list(alice)).toEqual(hers);
  expect(await list(bob)).toEqual([his]);
  for (const taskId of [hers[0]!, tasks.ids()[0]!])
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
      expect((await asked(bob, method, { taskId })).error).toMatchObject({
        code: -32602,
        message: 'Unknown task',
      });
  expect((await asked(alice, 'tasks/get', { taskId: hers[0] })).result).toMatchObject({ status: 'working' });
});
