import { describe, expect, it } from 'vitest';
import { preparePolicies } from '../../../../policies/decide.ts';
import type { ListReader } from '../../../../runtime/mcp/changes/list-reader.ts';
import { ListReaders } from '../../../../runtime/mcp/changes/list-readers.ts';
import type { Shown, ToldKind } from '../../../../runtime/mcp/changes/shown-lists.ts';
import { buildNameIndex, type NameIndex } from '../../../../runtime/mcp/name-index.ts';
import type { PreparedServer } from '../../../../runtime/mcp/server.ts';
import { NO_CLAIMS } from '../../../../runtime/mcp/uri-claims.ts';
import type { View } from '../../../../runtime/mcp/view.ts';
import type { CallFacts } from '../../../../schema/decision.ts';
import { ANONYMOUS } from '../../../../schema/principal.ts';

const TOOLS = 50;

/** A server with this rule, which counts what it decides. */
const serverWith = (fingerprint: string, deny: string, onDecision = () => undefined) => {
  const prepared = preparePolicies([
    { kind: 'policy', type: 'cel', name: 'rule', effect: 'deny', expression: deny },
  ]);
  const counted = { decisions: 0 };
  const server = {
    fingerprint,
    exposures: [],
    policyNodes: [deny],
    node: {
      name: 'main',
      policies: ['rule'],
      features: { tools: true, prompts: true, resources: true },
      lists: { paramHeaders: 'keep' },
    },
    policies: {
      none: false,
      ofCaller: prepared.ofCaller,
      decideAnew: (facts: CallFacts) => {
        counted.decisions += 1;
        onDecision();
        return prepared.decide(facts);
      },
    },
  };
  return { server: server as unknown as PreparedServer, counted };
};

/** What a view has of one upstream, with as many tools; undefined: it is not connected. */
const partOf = (upstream: { readonly name: string }, count: number | undefined) => {
  const items = Array.from({ length: count ?? 0 }, (_, at) => {
    const value = { name: `tool${at}`, inputSchema: {} };
    return { name: value.name, text: JSON.stringify(value), value, paramHeaders: [], uiPaths: [] };
  });
  const connected = {
    link: { era: 'modern', peer: {} },
    catalogue: {
      offers: (kind: string) => kind === 'tools',
      peek: (kind: string) => (kind === 'tools' ? { items } : undefined),
    },
  };
  return {
    connected: count === undefined ? undefined : connected,
    exposure: {
      upstream,
      facts: upstream,
      upstreamNode: {},
      labels: { ofTool: () => ({}) },
      tools: { expose: (name: string) => name },
    },
  };
};

const viewWith = (
  parts: readonly ReturnType<typeof partOf>[],
  prepared?: (kind: string) => Promise<void>,
) => {
  const all = parts as unknown as View['parts'];
  const tools = buildNameIndex(all, 'tools', NO_CLAIMS);
  const none: NameIndex = { ...tools, entries: [], items: [undefined] };
  return {
    parts: all,
    sentHeaders: {},
    known: (kind: string) => (kind === 'tools' ? tools : none),
    prepare: prepared ?? (() => Promise.resolve()),
  } as unknown as View;
};

/** A view of one upstream with as many tools, as everybody is shown it. */
const viewOf = (prepared?: (kind: string) => Promise<void>, count = TOOLS): View =>
  viewWith([partOf({ name: 'offers' }, count)], prepared);

class Reader implements ListReader {
  readonly facts: CallFacts;
  readonly speaks = { era: 'modern' as const, revision: '2026-07-28' };
  readonly capabilitiesText = '{}';
  readonly promised: readonly ToldKind[];
  readonly told: string[] = [];
  now: Shown | undefined;

  constructor(at: number, roles: readonly string[], now: Shown, promised: readonly ToldKind[] = ['tools']) {
    this.promised = promised;
    const principal = { ...ANONYMOUS, id: `${at}`, key: `robots:${at}`, roles };
    this.facts = {
      principal,
      client: { address: '127.0.0.1', userAgent: '', name: '', version: '', era: 'modern' },
      server: { name: 'main' },
      call: { method: 'subscriptions/listen', name: '', id: '' },
      request: { headers: {}, listener: 'main', path: '/mcp' },
      nowMs: 0,
    };
    this.now = now;
  }

  shown(): Shown | undefined {
    return this.now;
  }

  tellChanged(kind: string): void {
    this.told.push(kind);
  }
}

const swap = (readers: ListReaders, all: readonly Reader[], next: Shown): Promise<void>[] =>
  all.map((reader) => {
    const before = reader.now!;
    reader.now = next;
    readers.note(reader, before, next.server);
    return new Promise((resolve) => readers.afterTold(reader, 60_000, resolve));
  });

/** The most processor time of this thread that went by before others had their turn, until `work` is done. */
const longestTurnMs = async (work: Promise<unknown>): Promise<number> => {
  let longestMs = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const since = process.threadCpuUsage();
      await new Promise((resolve) => setImmediate(resolve));
      longestMs = Math.max(longestMs, process.threadCpuUsage(since).user / 1000);
    }
  })();
  await work;
  isOver = true;
  await watch;
  return longestMs;
};

const HIDDEN = "tool.name == 'tool7' && 'dev' in principal.roles";

describe('ListReaders', () => {
  it('asks the rules once for all who are alike to them, and gives others their turn: 10,000 listeners hold nobody up', async () => {
    const [before, after] = [serverWith('1', 'false'), serverWith('2', HIDDEN)];
    const [old, next] = [
      { server: before.server, view: viewOf() },
      { server: after.server, view: viewOf() },
    ];
    const all = Array.from(
      { length: 10_000 },
      (_, at) => new Reader(at, [at % 2 === 0 ? 'dev' : 'ops'], old),
    );
    const readers = new ListReaders();
    const sinceSwap = process.threadCpuUsage();
    const settled = swap(readers, all, next);
    const swapMs = process.threadCpuUsage(sinceSwap).user / 1000;
    const longestMs = await longestTurnMs(Promise.all(settled));
    for (const [at, { told }] of all.entries()) expect(told).toEqual(at % 2 === 0 ? ['tools'] : []);
    // A rule that reads nothing of its callers is asked for one of them on each side, as are the others of a role.
    expect([before.counted.decisions, after.counted.decisions]).toEqual([2 * TOOLS, 2 * TOOLS]);
    expect(swapMs).toBeLessThan(100);
    expect(longestMs).toBeLessThan(50);
  });

  it.each([
    [10_000, 10],
    [50, 5_000],
  ])(
    'holds nobody up by %i listeners who are all different to a rule that reads who they are, with lists of %i',
    async (count, tools) => {
      const hidden = "tool.name == 'tool7' && principal.id.endsWith('7')";
      const [before, after] = [serverWith('1', "principal.id == ''"), serverWith('2', hidden)];
      const old = { server: before.server, view: viewOf(undefined, tools) };
      const next = { server: after.server, view: viewOf(undefined, tools) };
      const all = Array.from({ length: count }, (_, at) => new Reader(at, [], old));
      const since = process.cpuUsage();
      const longestMs = await longestTurnMs(Promise.all(swap(new ListReaders(), all, next)));
      const totalMs = process.cpuUsage(since).user / 1000;
      for (const [at, { told }] of all.entries()) expect(told).toEqual(at % 10 === 7 ? ['tools'] : []);
      expect([before.counted.decisions, after.counted.decisions]).toEqual([count * tools, count * tools]);
      expect(longestMs).toBeLessThan(50);
      expect(totalMs).toBeLessThan(10_000);
    },
  );

  it('takes no longer in one go for many who are compared side by side than for one', async () => {
    let inTurn = 0;
    let mostInTurn = 0;
    const decide = (): undefined => {
      const endMs = performance.now() + 0.3;
      while (performance.now() < endMs);
      inTurn += 1;
      mostInTurn = Math.max(mostInTurn, inTurn);
    };
    const [before, after] = ['', 'nobody'].map((id, at) =>
      serverWith(`${at}`, `principal.id == '${id}'`, decide),
    );
    const [old, next] = [before!, after!].map(({ server }) => ({ server, view: viewOf(undefined, 10) }));
    const all = Array.from({ length: 64 }, (_, at) => new Reader(at, [], old!));
    let isOver = false;
    const nextTurn = (): void => {
      inTurn = 0;
      if (!isOver) setImmediate(nextTurn);
    };
    nextTurn();
    await Promise.all(swap(new ListReaders(), all, next!));
    isOver = true;
    expect(after!.counted.decisions).toBe(640);
    // Four fill a slice; the turns are counted beside those of the work, so that two slices may look like one.
    expect(mostInTurn).toBeLessThanOrEqual(10);
  });

  it('tells of each kind as soon as it is known, and of what is not known when nobody waits any more', async () => {
    const readers = new ListReaders();
    const hangs = (kind: string) =>
      kind === 'resources' ? new Promise<void>(() => undefined) : Promise.resolve();
    const [before, next] = [
      { server: serverWith('1', 'false').server, view: viewOf() },
      { server: serverWith('2', HIDDEN).server, view: viewOf(hangs) },
    ];
    const kinds = ['tools', 'prompts', 'resources'] as const;
    const [dev, ops] = [new Reader(1, ['dev'], before, kinds), new Reader(2, ['ops'], before, kinds)];
    // Compared with the one before it, which is known by then.
    const last = new Reader(3, ['ops'], before, ['tools', 'prompts']);
    const settled = swap(readers, [dev, ops, last], next);
    await settled[2];
    await expect.poll(() => dev.told).toEqual(['tools']);
    const ended: string[] = [];
    readers.afterTold(ops, 0, () => ended.push(...ops.told, 'end'));
    await settled[1];
    expect(ended).toEqual(['resources', 'end']);
    readers.forget(dev);
    await settled[0];
    expect(dev.told).toEqual(['tools']);
  });

  it('tells once of what was shown between two changes that are compared together', async () => {
    const reader = new Reader(1, ['dev'], { server: serverWith('0', 'false').server, view: viewOf() });
    const readers = new ListReaders();
    /** Both come before the lists of the upstream do, and the first may have been seen meanwhile. */
    const both = async (between: string, after: string): Promise<void> => {
      const slow = Promise.withResolvers<void>();
      const [first, second] = [serverWith(between, between).server, serverWith(after, after).server];
      const before = swap(readers, [reader], { server: first, view: viewOf(() => slow.promise) });
      await new Promise((resolve) => setImmediate(resolve));
      const told = swap(readers, [reader], { server: second, view: viewOf() });
      slow.resolve();
      await Promise.all([...before, ...told]);
    };
    await both(HIDDEN, 'false || false');
    expect(reader.told).toEqual(['tools']);
    await both('1 == 2', 'false');
    expect(reader.told).toEqual(['tools']);
    await both('1 == 3', HIDDEN);
    expect(reader.told).toEqual(['tools', 'tools']);
  });

  it('tells of more changes than are compared together', async () => {
    const slow = Promise.withResolvers<void>();
    const reader = new Reader(1, ['dev'], { server: serverWith('0', 'false').server, view: viewOf() });
    const readers = new ListReaders();
    const settled = ['1 == 2', '1 == 3', '1 == 4', '1 == 5', 'false'].flatMap((deny, at) =>
      swap(readers, [reader], {
        server: serverWith(`${at + 1}`, deny).server,
        view: viewOf(() => slow.promise),
      }),
    );
    slow.resolve();
    await Promise.all(settled);
    expect(reader.told).toEqual(['tools']);
  });

  it('tells nothing to one that is over, and holds up nobody who waits for it', async () => {
    const readers = new ListReaders();
    const reader = new Reader(1, ['dev'], { server: serverWith('1', 'false').server, view: viewOf() });
    const settled = swap(readers, [reader], { server: serverWith('2', HIDDEN).server, view: viewOf() });
    reader.now = undefined;
    await Promise.all(settled);
    expect(reader.told).toEqual([]);
  });

  describe('where an upstream is not connected', () => {
    const [offers, away] = [{ name: 'offers' }, { name: 'away' }];
    const there = partOf(offers, TOOLS);
    it.each<[string, ToldKind[], (number | undefined)[], (number | undefined)[], string]>([
      ['in neither state, and nothing else differs', [], [undefined], [undefined], '1 == 2'],
      ['in neither state, and something else is hidden now', ['tools'], [undefined], [undefined], HIDDEN],
      ['any more', ['tools'], [0], [undefined], '1 == 2'],
      ['before alone', ['tools'], [undefined], [0], '1 == 2'],
      ['before, and is gone', ['tools'], [undefined], [], '1 == 2'],
      ['now, and is new', ['tools'], [], [undefined], '1 == 2'],
    ])('%s, tells %j', async (_, told, before, after, deny) => {
      const readers = new ListReaders();
      const viewAt = (parts: readonly (number | undefined)[]) =>
        viewWith([there, ...parts.map((count) => partOf(away, count))]);
      const reader = new Reader(1, ['dev'], {
        server: serverWith('1', 'false').server,
        view: viewAt(before),
      });
      const next = { server: serverWith('2', deny).server, view: viewAt(after) };
      await Promise.all(swap(readers, [reader], next));
      expect(reader.told).toEqual(told);
    });

    it('tells who are alike the same, also those whose view had it', async () => {
      const readers = new ListReaders();
      const before = serverWith('1', 'false').server;
      const [had, lacked] = [partOf(away, 0), partOf(away, undefined)].map(
        (part, at) => new Reader(at, ['ops'], { server: before, view: viewWith([there, part]) }),
      );
      const next = { server: serverWith('2', HIDDEN).server, view: viewWith([there, partOf(away, 0)]) };
      await Promise.all(swap(readers, [had!, lacked!], next));
      expect([had!.told, lacked!.told]).toEqual([[], []]);
    });
  });

  it('tells where what is listed cannot be compared', async () => {
    const readers = new ListReaders();
    const reader = new Reader(1, ['ops'], { server: serverWith('1', 'false').server, view: viewOf() });
    const failing = viewOf(() => Promise.reject(new Error('a fault of the gateway')));
    await Promise.all(swap(readers, [reader], { server: serverWith('2', HIDDEN).server, view: failing }));
    expect(reader.told).toEqual(['tools']);
  });
});
