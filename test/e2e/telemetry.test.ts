import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, json, type Received, refuse } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool, modernBody, modernHeaders, modernRequest } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const PARAMS = { name: 'get_issue', arguments: {} };

/** The access lines of a log, each of which must be one JSON object. */
const accessLines = async (gateway: TestGateway): Promise<Record<string, unknown>[]> =>
  (await gateway.log())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'access');

describe('correlation ids', () => {
  let upstream: FastUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startToolUpstream('tracker', ['get_issue']);
    gateway = await startTestGateway(configuration({ tracker: upstream.url }), { tap: false });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const call = (id?: string | readonly string[], body = modernBody('tools/call', PARAMS)) =>
    rawRequest(gateway.audience(), {
      method: 'POST',
      headers: {
        ...modernHeaders('tools/call', PARAMS, {}),
        ...(id === undefined ? {} : { 'x-correlation-id': id }),
      },
      body,
    });

  it('[MON-02/log] are taken over from the caller into the reply and the line of the log', async () => {
    for (const id of ['req-1', '4bf92f3577b34da6a3ce929d0e0e4736', 'A.b_c-9', 'x'.repeat(64)]) {
      expect((await call(id)).headers['x-correlation-id']).toBe(id);
      const line = (await accessLines(gateway)).at(-1);
      expect(line).toMatchObject({
        level: 'info',
        correlationId: id,
        listener: 'main',
        server: 'main',
        principal: expect.any(String),
        clientAddress: '127.0.0.1',
        era: 'modern',
        method: 'tools/call',
        target: 'get_issue',
        upstream: 'tracker',
        outcome: 'ok',
        status: 200,
        durationMs: expect.any(Number),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
    }
  });

  it('[MON-02/log] are made where there is none, each a new one', async () => {
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.push((await call()).headers['x-correlation-id']);
    expect(new Set(ids).size).toBe(3);
    const lines = (await accessLines(gateway)).slice(-3);
    expect(lines.map(({ correlationId }) => correlationId)).toEqual(ids);
  });

  it.each<[string, string | readonly string[]]>([
    ['one that writes a line of its own', 'x","outcome":"ok","msg":"access","principal":"admin'],
    ['one with an escape', 'x\\n{"level":"fatal"}'],
    ['one in HTML', '<script>alert(1)</script>'],
    ['one with a blank', 'a b'],
    ['one beyond ASCII', 'caf\u00e9'],
    ['one that is too long', 'x'.repeat(65)],
    ['one that is far too long', 'x'.repeat(8000)],
    ['an empty one', ''],
    ['two of them', ['one', 'two']],
    ['one that climbs', '../../etc/passwd'],
  ])('[MON-02/log] that are forged are replaced: %s', async (_what, id) => {
    const before = (await accessLines(gateway)).length;
    const given = (await call(id)).headers['x-correlation-id'];
    expect(given).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
    const lines = await accessLines(gateway);
    expect(lines).toHaveLength(before + 1);
    expect(lines.at(-1)).toMatchObject({ correlationId: given, principal: lines[0]!.principal });
    for (const text of typeof id === 'string' ? [id] : id)
      if (text !== '') expect(await gateway.log()).not.toContain(text);
  });

  it('[MON-02/log] join an error with the line that tells its cause', async () => {
    upstream.behave(refuse(500));
    const answer = await call('join-me');
    expect(JSON.parse(answer.text).error.data.correlationId).toBe('join-me');
    const lines = (await gateway.log()).split('\n').filter((line) => line.includes('join-me'));
    expect(lines.map((line) => JSON.parse(line).msg).sort()).toEqual(['access', 'request failed']);
    expect((await call('broken', '{')).headers['x-correlation-id']).toBe('broken');
  });

  it('[MON-02/log] stay one line each, whatever a caller calls its tools and methods', async () => {
    const before = (await accessLines(gateway)).length;
    const names = ['a\nb', '\u2028{"msg":"access"}', '\u001b[31mred', '"}', 'x'.repeat(5000)];
    for (const name of names)
      await rawRequest(gateway.audience(), {
        method: 'POST',
        headers: {
          ...modernHeaders('tools/call', PARAMS, {}),
          'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=`,
        },
        body: modernBody('tools/call', { name, arguments: {} }),
      });
    const lines = await accessLines(gateway);
    expect(lines).toHaveLength(before + names.length);
    for (const invisible of ['\u2028', '\u001b']) expect(await gateway.log()).not.toContain(invisible);
    for (const { target } of lines) expect(String(target).length).toBeLessThanOrEqual(257);
  });
});

describe('metrics', () => {
  let upstream: FastUpstream;
  beforeAll(async () => {
    upstream = await startToolUpstream('tracker', ['get_issue', 'create_issue', 'delete_repo']);
  });
  afterAll(() => upstream.close());

  const start = (over: object = {}): Promise<TestGateway> =>
    startTestGateway(
      configuration({ tracker: upstream.url }, { telemetry: { log: { access: false } }, ...over }),
      { tap: false },
    );

  const tool = (name: string, outcome: string): string =>
    `gatewright_tool_calls_total{server="main",tool="${name}",outcome="${outcome}"}`;

  it('[MON-06/traffic] count the calls of each tool by outcome, and how long they took', async () => {
    await using gateway = await start();
    for (let count = 0; count < 3; count += 1) await callTool(gateway.audience(), 'get_issue');
    await callTool(gateway.audience(), 'create_issue');
    const series = await scrape(gateway.opsUrl);
    expect(series.get(tool('get_issue', 'ok'))).toBe(3);
    expect(series.get(tool('create_issue', 'ok'))).toBe(1);
    expect(series.get('gatewright_requests_total{server="main",method="tools/call",outcome="ok"}')).toBe(4);

    const histogram = 'gatewright_request_duration_seconds';
    const labels = 'server="main",method="tools/call"';
    const buckets = [...series].filter(([name]) => name.startsWith(`${histogram}_bucket{${labels}`));
    expect(buckets.length).toBeGreaterThan(10);
    expect(buckets.at(-1)).toEqual([`${histogram}_bucket{${labels},le="+Inf"}`, 4]);
    const counts = buckets.map(([, count]) => count);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(series.get(`${histogram}_count{${labels}}`)).toBe(4);
    const sum = series.get(`${histogram}_sum{${labels}}`)!;
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(20);

    const ofTool = 'gatewright_tool_call_duration_seconds';
    const okOf = (name: string) => `server="main",tool="${name}",outcome="ok"`;
    expect(series.get(`${ofTool}_count{${okOf('get_issue')}}`)).toBe(3);
    expect(series.get(`${ofTool}_bucket{${okOf('create_issue')},le="+Inf"}`)).toBe(1);
    expect(series.get(`${ofTool}_sum{${okOf('get_issue')}}`)).toBeGreaterThan(0);

    const stages = ['identity', 'admission', 'upstream', 'reply'];
    const ofStages = (what: string) =>
      stages.map(
        (stage) => series.get(`gatewright_stage_duration_seconds_${what}{server="main",stage="${stage}"}`)!,
      );
    expect(ofStages('count')).toEqual([4, 4, 4, 4]);
    expect(ofStages('sum').reduce((all, each) => all + each)).toBeCloseTo(sum, 6);
  });

  it('[MON-06/traffic] count what policies and limits refuse, and what upstreams fail', async () => {
    await using gateway = await start({
      server: { policies: ['freeze'], limits: ['few'] },
      policies: { freeze: { type: 'cel', deny: "args.repo == 'prod'" } },
      limits: { few: { type: 'rate', rate: '4/d', burst: 4 } },
    });
    for (const repo of ['dev', 'prod', 'prod', 'dev', 'dev'])
      await callTool(gateway.audience(), 'create_issue', { repo });
    const series = await scrape(gateway.opsUrl);
    expect(series.get('gatewright_policy_denials_total{policy="freeze",reason="denied"}')).toBe(2);
    expect(series.get('gatewright_limited_total{limit="few"}')).toBe(1);
    expect(series.get(tool('create_issue', 'ok'))).toBe(2);
    expect(series.get(tool('create_issue', 'policy_denied'))).toBe(2);
    const classed = (outcome: string) =>
      `gatewright_tool_call_duration_seconds_count{server="main",tool="create_issue",outcome="${outcome}"}`;
    expect(['ok', 'denied', 'limited'].map((outcome) => series.get(classed(outcome)))).toEqual([2, 2, 1]);
    expect(series.get('gatewright_upstream_requests_total{upstream="tracker",outcome="ok"}')).toBe(2);
    expect(series.get('gatewright_http_responses_total{listener="main",status="429"}')).toBe(1);
  });

  it('[MON-06] tell of each tool how long calls took by who is to be asked why they ended so, and who waits', async () => {
    await using gateway = await start({
      server: { policies: ['freeze'], limits: ['one'] },
      policies: { freeze: { type: 'cel', deny: 'has(args.how)' } },
      limits: { one: { type: 'concurrency', max: 1, queue: 1, key: [], tools: ['get_issue'] } },
    });
    const held: Received[] = [];
    upstream.behave((received) => void held.push(received));
    const calls = [callTool(gateway.audience(), 'get_issue')];
    await upstream.until(() => held.length === 1);
    calls.push(callTool(gateway.audience(), 'get_issue'));
    const waiting = 'gatewright_limit_waiting{limit="one"}';
    await expect.poll(async () => (await scrape(gateway.opsUrl)).get(waiting)).toBe(1);
    expect((await scrape(gateway.opsUrl)).get('gatewright_limit_held{limit="one"}')).toBe(1);
    expect((await callTool(gateway.audience(), 'get_issue')).status).toBe(429);

    const answers = [
      { result: { content: [], resultType: 'complete' } },
      { result: { content: [], isError: true, resultType: 'complete' } },
      { error: { code: -32602, message: 'no such argument' } },
    ];
    for (const outcome of answers) {
      await upstream.until(() => held.length === 1);
      const { message, response } = held.pop()!;
      json(response, { jsonrpc: '2.0', id: message.id, ...outcome });
      if (calls.length < answers.length) calls.push(callTool(gateway.audience(), 'get_issue'));
    }
    await Promise.all(calls);
    await callTool(gateway.audience(), 'get_issue', { how: 'denied' });
    upstream.behave(refuse(500));
    await callTool(gateway.audience(), 'get_issue');
    upstream.behave(answer);

    const series = await scrape(gateway.opsUrl);
    const count = (outcome: string) =>
      series.get(
        `gatewright_tool_call_duration_seconds_count{server="main",tool="get_issue",outcome="${outcome}"}`,
      );
    const outcomes = ['ok', 'tool_error', 'protocol_error', 'denied', 'limited', 'upstream'];
    expect(outcomes.map((outcome) => [outcome, count(outcome)])).toEqual(
      outcomes.map((outcome) => [outcome, 1]),
    );
    expect(series.get(waiting)).toBe(0);
  });

  it('[MON-06/traffic] do not grow with 1,000 tools that callers make up, nor with methods, paths and hosts', async () => {
    await using gateway = await start();
    const { origin } = new URL(gateway.audience());
    const wrong = (n: number) =>
      Promise.all([
        callTool(gateway.audience(), `made_up_${n}`),
        ...(n % 27 > 0
          ? []
          : [
              modernRequest(gateway.audience(), `made/up/${n}`),
              rawRequest(`${origin}/made-up-${n}`),
              rawRequest(gateway.audience(), { headers: { host: `made-up-${n}.example` } }),
            ]),
      ]);
    await wrong(0);
    await scrape(gateway.opsUrl);
    const before = await scrape(gateway.opsUrl);
    for (let from = 1; from < 1000; from += 27)
      await Promise.all(Array.from({ length: 27 }, (_, n) => wrong(from + n)));
    const after = await scrape(gateway.opsUrl);
    expect([...after.keys()].filter((name) => !before.has(name))).toEqual([]);
    expect([...after.keys()].filter((name) => /made.up/.test(name))).toEqual([]);
    const unknown = 'gatewright_requests_total{server="main",method="tools/call",outcome="unknown_target"}';
    expect(after.get(unknown)).toBe(1000);
  });

  it('[MON-06/traffic] have a series for each of 1,000 real tools, and a name that is safe to read', async () => {
    const names = Array.from({ length: 1000 }, (_, n) => `tool_${n}`);
    const large = await startToolUpstream('large', [...names, 'odd"name\\']);
    await using gateway = await startTestGateway(
      configuration({ large: large.url }, { telemetry: { log: { access: false } } }),
      { tap: false },
    );
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(names.slice(from, from + 50).map((name) => callTool(gateway.audience(), name)));
    await callTool(gateway.audience(), 'odd"name\\');
    const series = [...(await scrape(gateway.opsUrl))].filter(([name]) =>
      name.startsWith('gatewright_tool_calls_total{'),
    );
    expect(series.filter(([name]) => /tool="tool_\d+"/.test(name))).toHaveLength(1000);
    expect(series.map(([name]) => name)).toContain(tool('odd\\"name\\\\', 'ok'));
    await large.close();
  });

  it('[MON-06/traffic] tell no secret: no token, argument or address of a caller', async () => {
    await using gateway = await start();
    await callTool(
      gateway.audience(),
      'get_issue',
      { password: 'hunter2' },
      { headers: { authorization: 'Bearer abc.def.ghi' } },
    );
    const text = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
    expect(text).not.toMatch(/hunter2|abc\.def|127\.0\.0\.1/);
    expect(text).toMatch(/^# HELP gatewright_/m);
    expect(text).toMatch(/^# TYPE gatewright_request_duration_seconds histogram$/m);
  });
});
