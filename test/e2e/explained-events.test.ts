import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../cli/explain.ts';
import { type Callers, makeCallers } from '../support/callers.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool, modernRequest } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
let callers: Callers;
let gateway: TestGateway;
let token: string;

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue', 'create_issue']);
  callers = await makeCallers();
  const over = {
    identity: callers.identity,
    server: { identity: ['workforce'], policies: ['writers', 'no-production'] },
    policies: {
      writers: { type: 'cel', allow: "tool.name != 'create_issue' || 'writers' in principal.roles" },
      'no-production': { type: 'cel', deny: "has(args.env) && args.env == 'prod'", because: 'closed' },
    },
    telemetry: { log: { access: true } },
  };
  gateway = await startTestGateway(configuration({ tracker: upstream.url }, over), { files: callers.files });
  token = await callers.token(gateway, 'ann', ['readers']);
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Lines of the access log that were explained: each request has one. */
let lines = 0;

/** What `explain` says of the next request that was logged; its line is waited for. */
const explained = async (method: string, ...args: string[]): Promise<{ code: number; out: string }> => {
  let line = '';
  await expect
    .poll(async () => {
      line = (await gateway.log()).split('\n').filter((each) => each.includes('"msg":"access"'))[lines] ?? '';
      return line;
    })
    .toContain(`"method":"${method}"`);
  lines += 1;
  await writeFile(join(gateway.folder, 'line.log'), `not a line\n${line}\n`);
  let out = '';
  const say = (text: string): void => {
    out += text;
  };
  const io = { out: say, err: say, env: {}, cwd: gateway.folder, color: false };
  return { code: await explain(['--event', 'line.log', ...args], io), out };
};

describe('a line of the access log', () => {
  it('is explained by who called and in what roles: why a tool was hidden', async () => {
    await callTool(gateway.url(), 'create_issue', {}, { token });
    const { code, out } = await explained('tools/call');
    expect(code).toBe(0);
    expect(out).toContain('by workforce:ann, from 127.0.0.1');
    expect(out).toContain('principal.roles  →  ["readers"]');
    expect(out).toContain('refused by writers\n');
    expect(out).toContain('recorded: HTTP 200, unknown_target, denied by writers\n');
    expect(out).toContain('the configuration decides it so still\n');
    expect(out).not.toContain(token);
  });

  it('says what it does not hold, where that decided', async () => {
    await callTool(gateway.url(), 'get_issue', { env: 'prod' }, { token });
    const { out } = await explained('tools/call');
    expect(out).toContain('not decided: no-production goes by arguments that are not known\n');
    expect(out).toContain('recorded: HTTP 200, policy_denied, denied by no-production\n');
    expect(out).toContain('the record does not hold the arguments\n');
  });

  it('is compared with the configuration as it is now, in JSON too', async () => {
    await modernRequest(gateway.url(), 'tools/list', {}, { token });
    const { out } = await explained('tools/list', '--format', 'json');
    expect(JSON.parse(out).recorded).toEqual({
      outcome: 'ok',
      status: 200,
      policy: '',
      same: true,
      lacks: ['the arguments'],
    });
  });

  it('of a caller that nobody knew says that the credential is not in it', async () => {
    await modernRequest(gateway.url(), 'tools/list', {}, { token: `${token}x` });
    await expect.poll(() => gateway.log()).toContain('"outcome":"unauthenticated"');
    await writeFile(
      join(gateway.folder, 'gateway.line'),
      (await gateway.log()).split('\n').find((line) => line.includes('"outcome":"unauthenticated"'))!,
    );
    let out = '';
    const say = (text: string): void => {
      out += text;
    };
    const code = await explain(['--event', 'gateway.line'], {
      out: say,
      err: say,
      env: {},
      cwd: gateway.folder,
      color: false,
    });
    expect(code).toBe(0);
    expect(out).toContain('recorded: HTTP 401, unauthenticated\n');
    expect(out).toContain('the record does not hold the credential\n');
  });

  it.each([
    ['', 'holds no line of the access log'],
    ['{"msg":"access","time":', 'is not whole'],
    ['{"msg":"access","time":"2026-01-01T00:00:00Z"}', 'has no `listener`'],
  ])('is refused where it is none: %j', async (text, message) => {
    await writeFile(join(gateway.folder, 'wrong.log'), text);
    let err = '';
    const io = { out: () => undefined, env: {}, cwd: gateway.folder, color: false };
    const code = await explain(['--event', 'wrong.log'], {
      ...io,
      err: (said: string) => {
        err += said;
      },
    });
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
