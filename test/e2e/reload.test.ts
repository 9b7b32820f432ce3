import { mkdir, mkdtemp, open, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from '../../runtime/main.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { toolNames } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** From a save to the first reply under the new graph. */
const BUDGET_MS = 500;
const SAVES = 5;

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());

/** A configuration whose tools all begin with this, so that a reply tells which graph it comes from. */
const marked = (prefix: string): string =>
  configuration(
    { tracker: upstream.url },
    { expose: [{ upstream: 'tracker', prefix }], telemetry: { log: { access: false } } },
  );

/** How long it takes until the graph with this prefix serves. */
const servedAfter = async (url: string, prefix: string): Promise<number> => {
  const savedMs = performance.now();
  await expect
    .poll(async () => (await toolNames(url))[0], { timeout: 10_000, interval: 5 })
    .toBe(`${prefix}get_issue`);
  return performance.now() - savedMs;
};

/** A way to save gateway.yaml, and a place for it. */
interface Saving {
  readonly file: string;
  readonly save: (text: string, count: number) => Promise<void>;
}

/** Opens the file and writes over what is there, as most editors do. */
const inPlace = async (folder: string): Promise<Saving> => {
  const file = join(folder, 'gateway.yaml');
  return { file, save: (text) => writeFile(file, text) };
};

/** Writes another file and renames it over the old one, as careful editors and deployment tools do. */
const byRename = async (folder: string): Promise<Saving> => {
  const file = join(folder, 'gateway.yaml');
  return {
    file,
    save: async (text, count) => {
      const temporary = join(folder, `.gateway.yaml.${count}`);
      await writeFile(temporary, text);
      await rename(temporary, file);
    },
  };
};

/** A volume of a Kubernetes ConfigMap: the file is a link through `..data`, which is swapped as a whole. */
const byConfigMap = async (folder: string): Promise<Saving> => {
  let previous: string | undefined;
  const save = async (text: string, count: number): Promise<void> => {
    const version = `..2026_11_23_${count}`;
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'gateway.yaml'), text);
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    if (previous !== undefined) await rm(join(folder, previous), { recursive: true });
    previous = version;
  };
  await symlink(join('..data', 'gateway.yaml'), join(folder, 'gateway.yaml'));
  return { file: join(folder, 'gateway.yaml'), save };
};

describe('a save', () => {
  it.each([
    ['in place', inPlace],
    ['by an atomic rename', byRename],
    ["by a swap of a ConfigMap's data", byConfigMap],
  ])('%s is never lost, and serves within half a second', async (_how, saving) => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-save-'));
    const { file, save } = await saving(folder);
    await save(marked('v0_'), 0);
    const logTo = join(folder, 'log');
    const gateway: Gateway = await startGateway({ file, env: {}, version: '0.0.0-test', logTo });
    const { url } = gateway.endpoints[0]!;
    const timesMs: number[] = [];
    for (let count = 1; count <= SAVES; count += 1) {
      await save(marked(`v${count}_`), count);
      timesMs.push(await servedAfter(url, `v${count}_`));
    }
    expect(Math.min(...timesMs), timesMs.join(' ')).toBeLessThanOrEqual(BUDGET_MS);
    await expect.poll(() => gateway.lastReload).toMatchObject({ result: 'applied', cause: 'watch' });
    await gateway.close(0);
    await rm(folder, { recursive: true });
  });

  it('of the same text changes nothing, one of another comment neither', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    const { generation } = await status(gateway);
    await gateway.write(`${marked('a_')}\n# a comment\n`);
    expect((await gateway.gateway.reload()).result).toBe('unchanged');
    expect((await status(gateway)).generation).toBe(generation);
  });

  it('while another is loaded is loaded after it: the last text wins', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    const saves = [];
    for (let count = 0; count < 10; count += 1) {
      saves.push(gateway.write(marked(`b${count}_`)));
      await saves[count];
      void gateway.gateway.reload();
    }
    await servedAfter(gateway.audience(), 'b9_');
    expect((await gateway.gateway.reload()).result).toBe('unchanged');
    expect(await toolNames(gateway.audience())).toEqual(['b9_get_issue']);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const status = async ({ opsUrl }: TestGateway): Promise<any> => (await fetch(`${opsUrl}/-/status`)).json();

const lastResult = async (gateway: TestGateway): Promise<string> => (await status(gateway)).lastReload.result;

describe('a broken file', () => {
  const broken = (): string => marked('b_').replace('"listeners"', '"listners"');

  it('leaves the running graph alone, is told by log, status and metrics, and its repair is picked up', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    const before = await status(gateway);
    await gateway.write(broken());
    await expect.poll(() => lastResult(gateway), { timeout: 5000, interval: 20 }).toBe('rejected');

    expect(await toolNames(gateway.audience())).toEqual(['a_get_issue']);
    const after = await status(gateway);
    expect(after).toMatchObject({
      artifactHash: before.artifactHash,
      effectiveHash: before.effectiveHash,
      generation: before.generation,
      lastReload: { result: 'rejected', cause: 'watch', artifactHash: before.artifactHash },
    });
    const codes = after.lastReload.diagnostics.map(({ code }: { code: string }) => code);
    expect(codes).toContain('GW1001');
    expect(after.lastReload.diagnostics[0].span).toMatchObject({ line: 1, column: expect.any(Number) });

    const line = (await gateway.log()).split('\n').find((each) => each.includes('configuration rejected'))!;
    const told = JSON.parse(line);
    expect(told).toMatchObject({ level: 'error', result: 'rejected', cause: 'watch' });
    expect(told.diagnostics.join('\n')).toMatch(
      /^GW1001 .*gateway\.yaml:1:\d+ unknown key `listners`.*did you mean `listeners`\?/m,
    );

    const series = await scrape(gateway.opsUrl);
    expect(series.get('gatewright_config_last_reload_successful')).toBe(0);
    expect(series.get('gatewright_config_reloads_total{result="rejected"}')).toBe(1);
    expect(series.get('gatewright_config_reloads_total{result="applied"}')).toBe(1);

    await gateway.write(marked('c_'));
    await servedAfter(gateway.audience(), 'c_');
    await expect
      .poll(async () => (await scrape(gateway.opsUrl)).get('gatewright_config_last_reload_successful'))
      .toBe(1);
    const repaired = await scrape(gateway.opsUrl);
    expect(repaired.get('gatewright_config_reloads_total{result="applied"}')).toBe(2);
  });

  it('is told to whoever asks for a reload, with 422 and the findings', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    await gateway.write(broken());
    const answer = await fetch(`${gateway.opsUrl}/-/reload`, { method: 'POST' });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ result: 'rejected', diagnostics: [{ code: 'GW1001' }, {}] });
    expect(await toolNames(gateway.audience())).toEqual(['a_get_issue']);
  });

  it('that is empty, cut off or gone is broken too, and is served once it is whole', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    const whole = marked('b_');
    for (const text of ['', whole.slice(0, whole.length / 2), 'version: 1\n']) {
      await gateway.write(text);
      expect((await gateway.gateway.reload()).result).toBe('rejected');
    }
    await unlink(gateway.file);
    expect((await gateway.gateway.reload()).result).toBe('rejected');
    expect(await toolNames(gateway.audience())).toEqual(['a_get_issue']);
    await gateway.write(whole);
    await servedAfter(gateway.audience(), 'b_');
  });

  it('that was saved in two halves is served when the second is there', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    const whole = `${marked('b_')}\n`;
    const file = await open(gateway.file, 'w');
    await file.write(whole.slice(0, 100));
    await expect.poll(() => lastResult(gateway), { timeout: 5000, interval: 20 }).toBe('rejected');
    expect(await toolNames(gateway.audience())).toEqual(['a_get_issue']);
    await file.write(whole.slice(100));
    await file.close();
    expect(await readFile(gateway.file, 'utf8')).toBe(whole);
    await servedAfter(gateway.audience(), 'b_');
  });

  it('whose references have no value is rejected, and names them without what was found', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false, env: { OTHER: 'x' } });
    const credentials = { type: 'bearer', token: '${env:TRACKER_TOKEN}' };
    const yaml = configuration({ tracker: upstream.url }, { upstream: { credentials } });
    const result = await gateway.load(yaml);
    expect(result).toMatchObject({
      result: 'rejected',
      unresolved: [{ reference: '${env:TRACKER_TOKEN}', reason: 'the variable is not set' }],
    });
    expect(await toolNames(gateway.audience())).toEqual(['a_get_issue']);
  });
});

describe('POST /-/reload', () => {
  const post = (gateway: TestGateway, ifMatch?: string): Promise<Response> =>
    fetch(`${gateway.opsUrl}/-/reload`, {
      method: 'POST',
      ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
    });

  it('loads only over the artifact that its If-Match names, so that two deployers do not cross', async () => {
    await using gateway = await startTestGateway(
      marked('a_').replace('"version":1', '"version":1,"reload":{"watch":false}'),
      { tap: false },
    );
    const next = (prefix: string) =>
      gateway.write(marked(prefix).replace('"version":1', '"version":1,"reload":{"watch":false}'));
    const first = (await fetch(`${gateway.opsUrl}/-/status`)).headers.get('etag')!;
    expect(first).toBe(`"${(await status(gateway)).artifactHash}"`);

    await next('b_');
    const taken = await post(gateway, first);
    expect([taken.status, ((await taken.json()) as { result: string }).result]).toEqual([200, 'applied']);
    const second = taken.headers.get('etag')!;
    expect(second).not.toBe(first);
    expect(await toolNames(gateway.audience())).toEqual(['b_get_issue']);

    await next('c_');
    const late = await post(gateway, first);
    expect(late.status).toBe(412);
    expect(late.headers.get('etag')).toBe(second);
    expect(await toolNames(gateway.audience())).toEqual(['b_get_issue']);

    expect((await post(gateway, `"x", ${second}`)).status).toBe(200);
    expect(await toolNames(gateway.audience())).toEqual(['c_get_issue']);
    const again = await post(gateway, '*');
    expect(((await again.json()) as { result: string }).result).toBe('unchanged');
  });

  it('lets one of several win who would load over the same artifact at once', async () => {
    const whole = (prefix: string) =>
      marked(prefix).replace('"version":1', '"version":1,"reload":{"watch":false}');
    await using gateway = await startTestGateway(whole('a_'), { tap: false });
    for (const prefix of ['b_', 'c_', 'd_']) {
      const tag = (await fetch(`${gateway.opsUrl}/-/status`)).headers.get('etag')!;
      await gateway.write(whole(prefix));
      const answers = await Promise.all(Array.from({ length: 8 }, () => post(gateway, tag)));
      expect(answers.map(({ status: code }) => code).sort()).toEqual([200, ...Array(7).fill(412)]);
      expect(await toolNames(gateway.audience())).toEqual([`${prefix}get_issue`]);
    }
  });

  it('takes no other method, and nothing from a web page', async () => {
    await using gateway = await startTestGateway(marked('a_'), { tap: false });
    expect((await fetch(`${gateway.opsUrl}/-/reload`)).status).toBe(405);
    const page = await fetch(`${gateway.opsUrl}/-/reload`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect(page.status).toBe(403);
    expect((await status(gateway)).lastReload.cause).toBe('start');
  });
});
