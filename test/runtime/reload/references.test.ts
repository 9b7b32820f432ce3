import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectiveHashes } from '../../../runtime/reload/effective-hash.ts';
import { resolveReferences } from '../../../runtime/reload/references.ts';
import { ABSENT, digestOf } from '../../../runtime/reload/snapshot.ts';
import type { CompiledGraph, Graph, Reference } from '../../../schema/graph/graph.ts';

let folder: string;
let main: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-references-'));
  main = join(folder, 'gateway.yaml');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const reference = (
  $reference: string,
  as: Reference['as'] = 'string',
  path = 'upstreams.github.field',
): Reference => ({ $reference, path, as });

/** A graph whose upstream `github` has these members. */
const graphOf = (github: object, more: object = {}): Graph =>
  Object.freeze({
    listeners: {},
    servers: {},
    upstreams: { github: { kind: 'upstream', name: 'github', ...github } },
    ...more,
  }) as unknown as Graph;

const resolveWith = async (graph: Graph, env: Record<string, string> = {}) =>
  await resolveReferences(graph, { env, main });

const githubOf = (graph: Graph | undefined): unknown => graph?.upstreams.github;

describe('references', () => {
  it('become the values of variables and files, with text around them, each as its type wants it', async () => {
    await writeFile(join(folder, 'token'), 'abc\n');
    const graph = graphOf({
      bearerToken: reference('${file:token}'),
      endpoint: reference('https://${env:HOST}:${env:PORT:-8443}/mcp'),
      connections: reference('${env:CONNECTIONS}', 'integer'),
      timeouts: { callMs: reference('${env:CALL:-2m}', 'duration') },
      sizes: [reference('${env:SIZE}', 'size')],
      on: reference('${env:ON}', 'boolean'),
      price: reference('$$${env:CONNECTIONS}'),
    });
    const { graph: resolved, problems } = await resolveWith(graph, {
      HOST: 'mcp.example.com',
      CONNECTIONS: '12',
      SIZE: '4KiB',
      ON: 'false',
    });
    expect(problems).toEqual([]);
    expect(githubOf(resolved)).toEqual({
      kind: 'upstream',
      name: 'github',
      bearerToken: 'abc',
      endpoint: 'https://mcp.example.com:8443/mcp',
      connections: 12,
      timeouts: { callMs: 120_000 },
      sizes: [4096],
      on: false,
      price: '$12',
    });
    expect(Object.isFrozen(githubOf(resolved))).toBe(true);
  });

  it('tell what their author says of a variable that is not set or empty', async () => {
    const graph = graphOf({ a: reference('${env:A:?the key of team a}'), b: reference('${env:B:?}') });
    const { problems } = await resolveWith(graph, { A: '' });
    expect(problems.map(({ reason }) => reason)).toEqual(['the key of team a', 'the variable is not set']);
    const set = await resolveWith(graph, { A: '1', B: '2' });
    expect(githubOf(set.graph)).toMatchObject({ a: '1', b: '2' });
  });

  it.each(['a\nb: c', 'a\r', 'a\0b', '\n'])(
    'take no variable with a line break or a NUL: %j',
    async (value) => {
      const { graph, problems } = await resolveWith(graphOf({ a: reference('x${env:A}') }), { A: value });
      expect(graph).toBeUndefined();
      expect(problems.map(({ reason }) => reason)).toEqual(['the variable has a line break or a NUL in it']);
      expect(JSON.stringify(problems)).not.toContain('b: c');
    },
  );

  it.each(['a: 1', '{ admin: true }', '- x', '${env:B}', '${file:/etc/passwd}', '*a', '!!js x'])(
    'never read a value as anything but a text: %s',
    async (value) => {
      const graph = graphOf({ a: reference('${env:A}'), b: reference('<${env:A}>') });
      const { graph: resolved } = await resolveWith(graph, { A: value, B: 'secret' });
      expect(githubOf(resolved)).toMatchObject({ a: value, b: `<${value}>` });
    },
  );

  it('leave a graph without any as the very same object', async () => {
    const graph = graphOf({ endpoint: 'https://mcp.example.com/mcp', list: [1, 2] });
    const { graph: resolved, files, values } = await resolveWith(graph);
    expect(resolved).toBe(graph);
    expect(files.size).toBe(0);
    expect(values).toEqual([]);
  });

  it('are not resolved a second time in what was resolved', async () => {
    const { graph } = await resolveWith(graphOf({ bearerToken: reference('${env:A}') }), {
      A: '${env:B}$$',
      B: 'secret',
    });
    expect(githubOf(graph)).toMatchObject({ bearerToken: '${env:B}$$' });
  });

  it('without a value are all named with field and reason, and no value is told', async () => {
    await writeFile(join(folder, 'empty'), '\n');
    const graph = graphOf({
      bearerToken: reference('Bearer ${env:TOKEN}', 'string', 'upstreams.github.credentials.token'),
      a: reference('${env:EMPTY}'),
      b: reference('${file:missing}'),
      c: reference('${file:.}'),
      d: reference('${file:empty}'),
      e: reference('${env:SECRET}', 'integer'),
      f: reference('${env:SECRET}', 'duration'),
      g: reference('${env:SECRET}', 'size'),
      h: reference('${env:SECRET}', 'boolean'),
    });
    const resolution = await resolveWith(graph, { EMPTY: '', SECRET: 'hunter2' });
    expect(resolution.graph).toBeUndefined();
    expect(resolution.problems).toEqual([
      {
        field: 'upstreams.github.credentials.token',
        reference: 'Bearer ${env:TOKEN}',
        reason: 'the variable is not set',
      },
      { field: 'upstreams.github.field', reference: '${env:EMPTY}', reason: 'the variable is empty' },
      { field: 'upstreams.github.field', reference: '${file:missing}', reason: 'the file does not exist' },
      { field: 'upstreams.github.field', reference: '${file:.}', reason: 'the file is a folder' },
      { field: 'upstreams.github.field', reference: '${file:empty}', reason: 'the file is empty' },
      { field: 'upstreams.github.field', reference: '${env:SECRET}', reason: 'the value is no whole number' },
      {
        field: 'upstreams.github.field',
        reference: '${env:SECRET}',
        reason: 'the value is no duration such as `30s`',
      },
      {
        field: 'upstreams.github.field',
        reference: '${env:SECRET}',
        reason: 'the value is no size such as `4MiB`',
      },
      {
        field: 'upstreams.github.field',
        reference: '${env:SECRET}',
        reason: 'the value is neither `true` nor `false`',
      },
    ]);
    expect(JSON.stringify(resolution.problems)).not.toContain('hunter2');
  });

  it('that one field puts into several places of the graph are told once', async () => {
    const call = reference('${env:CALL}', 'duration', 'upstreams.github.timeouts.call');
    const { problems } = await resolveWith(graphOf({ timeouts: { callMs: call, firstByteMs: call } }));
    expect(problems).toEqual([
      {
        field: 'upstreams.github.timeouts.call',
        reference: '${env:CALL}',
        reason: 'the variable is not set',
      },
    ]);
  });

  it.each([
    [{ $reference: '${env:X}', path: 'x', as: 'integer', minimum: 1 }, '0', 'the value is below 1'],
    [{ $reference: '${env:X}', path: 'x', as: 'integer', maximum: 10 }, '11', 'the value is above 10'],
    [
      { $reference: '${env:X}', path: 'x', as: 'http-url' },
      'ftp://x',
      'the value is no URL: it does not start with `https://` or `http://`',
    ],
    [
      { $reference: '${env:X}', path: 'x', as: 'http-url' },
      'https://u:p@x',
      'the value is no URL: it carries a user name or password',
    ],
  ] as const)('are held to the bounds of their field: %j as %j', async (value, text, reason) => {
    const { graph, problems } = await resolveWith(graphOf({ field: value }), { X: text });
    expect(graph).toBeUndefined();
    expect(problems).toMatchObject([{ reason }]);
  });

  it('name the files to watch with the digests of what was read, missing ones too', async () => {
    await writeFile(join(folder, 'token'), 'abc\n');
    const graph = graphOf({ a: reference('${file:token}'), b: reference('${file:./missing}') });
    const { files } = await resolveWith(graph);
    expect([...files]).toEqual([
      [join(folder, 'token'), digestOf(Buffer.from('abc\n'))],
      [join(folder, 'missing'), ABSENT],
    ]);
  });

  it('to a pipe are refused at once, not waited for', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const { problems } = await resolveWith(graphOf({ a: reference('${file:pipe}') }));
    expect(problems.map(({ reason }) => reason)).toEqual(['the file is no regular file']);
  });

  it('take an explicit empty default for a value', async () => {
    const { graph } = await resolveWith(graphOf({ proxy: reference('${env:PROXY:-}') }));
    expect(githubOf(graph)).toMatchObject({ proxy: '' });
  });
});

describe('effective hashes', () => {
  const fingerprints = {
    'server:all': 's',
    'server:other': 'o',
    'upstream:github': 'u',
    'upstream:files': 'f',
  };

  const hashesWith = async (token: string) => {
    const server = (name: string, upstream: string) => ({
      kind: 'server',
      name,
      identities: [],
      policies: [],
      limits: [],
      expose: [{ upstream }],
    });
    const graph = graphOf(
      { bearerToken: reference('${env:TOKEN}') },
      { servers: { all: server('all', 'github'), other: server('other', 'files') } },
    );
    const compiled = { hash: 'artifact', graph, fingerprints, sources: [] } as unknown as CompiledGraph;
    const { graph: resolved, values } = await resolveWith(graph, { TOKEN: token });
    return effectiveHashes(compiled, resolved as Graph, values);
  };

  it('change with a value for the node that holds it and for those that refer to it, for no other', async () => {
    const [one, two] = [await hashesWith('one'), await hashesWith('two')];
    expect(two.effectiveHash).not.toBe(one.effectiveHash);
    expect(two.fingerprints['upstream:github']).not.toBe(one.fingerprints['upstream:github']);
    expect(two.fingerprints['server:all']).not.toBe(one.fingerprints['server:all']);
    expect(two.fingerprints['server:other']).toBe('o');
    expect(two.fingerprints['upstream:files']).toBe('f');
  });

  it('stay with the values', async () => {
    expect(await hashesWith('one')).toEqual(await hashesWith('one'));
  });

  it('are those of the artifact where nothing is referenced', async () => {
    const graph = graphOf({});
    const compiled = {
      hash: 'artifact',
      graph,
      fingerprints: { 'upstream:github': 'u' },
      sources: [],
    } as const;
    expect(await effectiveHashes(compiled, graph, [])).toEqual({
      effectiveHash: 'artifact',
      fingerprints: { 'upstream:github': 'u' },
    });
  });
});
