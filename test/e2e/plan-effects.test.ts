import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planTexts } from '../compiler/diff/pair.ts';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const STDIO_SERVER = fileURLToPath(new URL('../support/stdio-tool-server.ts', import.meta.url));

let hub: FastUpstream;
beforeEach(async () => {
  hub = await startToolUpstream('hub', ['one', 'two']);
});
afterEach(() => hub.close());

// biome-ignore lint/suspicious/noExplicitAny: tests edit what they write
type Editable = any;

/** Two texts, the second with an edit. */
const pair = (
  edit: (yaml: Editable) => void,
  over: Readonly<Record<string, unknown>> = {},
  base: (yaml: Editable) => void = () => undefined,
) => {
  const yaml = JSON.parse(configuration({ hub: hub.url }, over));
  base(yaml);
  const before = JSON.stringify(yaml);
  edit(yaml);
  return { before, after: JSON.stringify(yaml) };
};

/** Kinds and impacts of what is foretold for one node. */
const foretold = ({ before, after }: { before: string; after: string }, node: string): readonly string[] => {
  const { changes, further } = planTexts(before, after);
  return [...changes.flatMap(({ effects }) => effects), ...further]
    .filter((effect) => effect.node === node)
    .map(({ kind, impact }) => `${kind}: ${impact}`);
};

/** Serves the text: by the reload that is asked for, unless watching the file was faster. */
const ok = async (gateway: TestGateway, yaml: string): Promise<void> => {
  const { result, error, diagnostics } = await gateway.load(yaml);
  expect([error, diagnostics]).toEqual([undefined, []]);
  expect(['applied', 'unchanged']).toContain(result);
};

const code = (port: number): Promise<string | number> =>
  callTool(`http://127.0.0.1:${port}/mcp`, 'one').then(
    ({ status }) => status,
    (error: NodeJS.ErrnoException) => error.code ?? String(error),
  );

const status = async ({ opsUrl }: TestGateway): Promise<Editable> =>
  (await fetch(`${opsUrl}/-/status`)).json();

describe('a plan foretells of listeners', () => {
  it('that one is bound elsewhere and the old address closes, which it does', async () => {
    const [a, b] = [await freePort(), await freePort()];
    const texts = pair(
      (yaml) => {
        yaml.listeners.main.bind = `127.0.0.1:${b}`;
      },
      { listener: { bind: `127.0.0.1:${a}` } },
    );
    expect(foretold(texts, 'listener:main')).toEqual(['listener-rebinds: drains']);
    await using gateway = await startTestGateway(texts.before, { tap: false });
    expect([await code(a), await code(b)]).toEqual([200, 'ECONNREFUSED']);
    await ok(gateway, texts.after);
    expect(await code(b)).toBe(200);
    await expect.poll(() => code(a), { timeout: 5000 }).toBe('ECONNREFUSED');
  });

  it('that one speaks other protocols at the address it has, which it does', async () => {
    const a = await freePort();
    const { certificate, key } = makeCertificate('localhost');
    const texts = pair(
      (yaml) => {
        yaml.listeners.main.tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };
      },
      { listener: { bind: `127.0.0.1:${a}` } },
    );
    expect(foretold(texts, 'listener:main')).toEqual(['listener-handed-over: drains']);
    await using gateway = await startTestGateway(texts.before, {
      tap: false,
      files: { 'tls.crt': certificate, 'tls.key': key },
    });
    expect(await code(a)).toBe(200);
    await ok(gateway, texts.after);
    await expect.poll(() => code(a), { timeout: 5000 }).not.toBe(200);
    expect(gateway.audience()).toBe(`https://127.0.0.1:${a}/mcp`);
  });

  it('that another one takes over the address of one that goes, which it does', async () => {
    const a = await freePort();
    const texts = pair(
      (yaml) => {
        yaml.listeners.other = yaml.listeners.main;
        delete yaml.listeners.main;
        yaml.servers.main.at[0].listener = 'other';
      },
      { listener: { bind: `127.0.0.1:${a}` } },
    );
    expect(foretold(texts, 'listener:other')).toEqual(['listener-handed-over: in-place']);
    expect(foretold(texts, 'listener:main')).toEqual([]);
    await using gateway = await startTestGateway(texts.before, { tap: false });
    await ok(gateway, texts.after);
    expect(await code(a)).toBe(200);
  });

  it('that an address which takes in a running one cannot be had, and that a reload is refused', async () => {
    const a = await freePort();
    const texts = pair(
      (yaml) => {
        yaml.listeners.ops.bind = `0.0.0.0:${a}`;
      },
      {},
      (yaml) => {
        yaml.listeners.ops = { bind: `127.0.0.1:${a}`, url: `http://127.0.0.1:${a}`, serve: ['health'] };
      },
    );
    expect(foretold(texts, 'listener:ops')).toEqual(['address-held: needs-restart']);
    await using gateway = await startTestGateway(texts.before, { tap: false });
    const { result, error } = await gateway.load(texts.after);
    expect([result, String(error)]).toEqual(['failed', expect.stringContaining('EADDRINUSE')]);
    expect((await fetch(`http://127.0.0.1:${a}/-/healthy`)).status).toBe(200);
  });

  it('that rules hold at once on connections that are open, which they do', async () => {
    const texts = pair((yaml) => {
      yaml.listeners.main.ip = { deny: ['127.0.0.1'] };
    });
    expect(foretold(texts, 'listener:main')).toEqual(['listener-rules: in-place', 'refused-end: ends']);
    await using gateway = await startTestGateway(texts.before, { tap: false });
    expect((await callTool(gateway.url(), 'one')).status).toBe(200);
    await ok(gateway, texts.after);
    expect((await callTool(gateway.url(), 'one')).status).toBe(403);
  });
});

describe('a plan foretells of upstreams', () => {
  it('new processes for any change of one, which there are', async () => {
    const texts = pair(
      (yaml) => {
        yaml.upstreams.child.timeouts = { call: '30s' };
      },
      {},
      (yaml) => {
        yaml.upstreams.child = { type: 'stdio', command: [process.execPath, STDIO_SERVER, 'pid'] };
        yaml.servers.main.expose.push({ upstream: 'child' });
      },
    );
    expect(foretold(texts, 'upstream:child')).toEqual(['processes-replaced: drains']);
    await using gateway = await startTestGateway(texts.before);
    const pid = async () => told((await callTool(gateway.url(), 'pid')).body.result).pid;
    const first = await pid();
    await ok(gateway, texts.after);
    const second = await pid();
    expect(second).not.toBe(first);
    await expect
      .poll(async () => (await status(gateway)).upstreams.child.processes, { timeout: 10_000 })
      .toEqual([second]);
  });

  it('that a breaker begins anew with its upstream, and stays as it is otherwise', async () => {
    const breaker = { consecutive: 1, openFor: '1h' };
    const touched = pair(
      (yaml) => {
        yaml.upstreams.hub.connections = 7;
      },
      { upstream: { breaker } },
    );
    const untouched = pair(
      (yaml) => {
        yaml.servers.main.provenance = true;
        yaml.upstreams.hub.labels = { tier: 'gold' };
      },
      { upstream: { breaker } },
    );
    expect(foretold(touched, 'upstream:hub')).toEqual([
      'upstream-replaced: drains',
      'breaker-reset: in-place',
    ]);
    expect(foretold(untouched, 'upstream:hub')).toEqual(['upstream-rules: in-place']);
    await using gateway = await startTestGateway(touched.before);
    const state = async () => (await status(gateway)).upstreams.hub.breaker;
    await callTool(gateway.url(), 'one');
    hub.behave(({ response }) => response.writeHead(503).end());
    await callTool(gateway.url(), 'one');
    expect(await state()).toBe('open');
    await ok(gateway, untouched.after);
    expect(await state()).toBe('open');
    await ok(gateway, touched.after);
    expect(await state()).toBe('closed');
  });
});

describe('a plan foretells of limits', () => {
  it('that a limit which changes forgets what it counted, and no other does', async () => {
    const limits = { fair: { type: 'rate', rate: '1/h', burst: 1 } };
    const over = { limits, server: { limits: ['fair'] } };
    const other = pair((yaml) => {
      yaml.servers.main.provenance = true;
    }, over);
    const own = pair((yaml) => {
      yaml.limits.fair.rate = '2/h';
    }, over);
    expect(foretold(other, 'limit:fair')).toEqual([]);
    expect(foretold(own, 'limit:fair')).toEqual(['limit-counts-reset: in-place']);
    await using gateway = await startTestGateway(other.before);
    const called = async () => (await callTool(gateway.url(), 'one')).status;
    const first = await called();
    expect(await called()).toBe(429);
    await ok(gateway, other.after);
    expect(await called()).toBe(429);
    await ok(gateway, own.after);
    expect([first, await called()]).toEqual([200, 200]);
  });
});

describe('a plan foretells of servers', () => {
  it('that streams end and sessions go on where a server changed in what it refers to', async () => {
    const texts = pair(
      (yaml) => {
        yaml.upstreams.hub.connections = 7;
      },
      { reload: { drain: { window: '10ms' } } },
    );
    expect(foretold(texts, 'server:main')).toEqual(['server-renews: ends']);
    await using gateway = await startTestGateway(texts.before);
    const session = await openSession(gateway.url());
    const headers = { ...session, accept: 'text/event-stream' };
    const stream = await EventStreamClient.open(gateway.url(), { headers });
    await ok(gateway, texts.after);
    await stream.message(({ method }) => method === 'notifications/tools/list_changed');
    expect(await stream.over).toBe('ended');
    expect((await legacyRequest(gateway.url(), 'tools/list', {}, session)).status).toBe(200);
  });

  it('that nothing happens to one that refers to nothing that changed', async () => {
    const texts = pair((yaml) => {
      yaml.shutdown = { window: '1s' };
    });
    expect(foretold(texts, 'server:main')).toEqual([]);
    await using gateway = await startTestGateway(texts.before);
    const session = await openSession(gateway.url());
    const headers = { ...session, accept: 'text/event-stream' };
    const stream = await EventStreamClient.open(gateway.url(), { headers });
    await ok(gateway, texts.after);
    expect(stream.messages).toEqual([]);
    stream.close();
  });
});

describe('a plan foretells of sections', () => {
  it('that what was sealed by a key that is gone does not open, and that sessions go on', async () => {
    const keyOf = (letter: string) => letter.repeat(40);
    const sealed = (...names: string[]) => ({
      sealing: { keys: names.map((name) => `\${file:./${name}}`) },
      server: { lists: { pageItems: 1 } },
    });
    const rotated = pair((yaml) => {
      yaml.sealing = sealed('new', 'old').sealing;
    }, sealed('old'));
    const lost = pair((yaml) => {
      yaml.sealing = sealed('new').sealing;
    }, sealed('old'));
    expect(foretold(rotated, 'section:sealing')).toEqual(['section-swaps: in-place']);
    expect(foretold(lost, 'section:sealing')).toEqual(['seals-broken: ends']);
    await using gateway = await startTestGateway(rotated.before, {
      files: { old: keyOf('o'), new: keyOf('n') },
    });
    const session = await openSession(gateway.url());
    const list = async (params: object) =>
      JSON.parse((await legacyRequest(gateway.url(), 'tools/list', params, session)).text);
    const cursor = (await list({})).result.nextCursor;
    expect(cursor).toEqual(expect.any(String));
    await ok(gateway, rotated.after);
    expect((await list({ cursor })).result.tools).toHaveLength(1);
    await ok(gateway, lost.after);
    expect((await list({ cursor })).error).toBeDefined();
    expect((await list({})).result.tools).toHaveLength(1);
  });

  it('that another number of threads needs a restart, and that a reload is refused', async () => {
    const texts = pair((yaml) => {
      yaml.workers = 2;
    });
    expect(foretold(texts, 'section:gateway')).toEqual(['threads-fixed: needs-restart']);
    await using gateway = await startTestGateway(texts.before);
    const { result, error } = await gateway.load(texts.after);
    expect([result, String(error)]).toEqual(['rejected', expect.stringContaining('`workers`')]);
  });
});
