import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { newsSince } from '../../scripts/base/news.ts';
import { digestOf } from '../../scripts/base/parts.ts';
import { differences, pin, readBase } from '../../scripts/base/pin.ts';
import { ROOT } from '../support/source-file.ts';

const NODE = join(ROOT, 'node_modules/node/bin/node');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-base-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the base that is pinned', () => {
  const parts = [
    { path: '/bin/node', bytes: Buffer.from('a program') },
    { path: '/lib/libc.so.6', bytes: Buffer.from('a library') },
  ];
  const pinned = () => {
    const file = join(folder, 'base.json');
    pin(file, parts);
    return readBase(file);
  };

  it('[COMPL-07/digests] is one byte for byte: any byte of any file that is another is told', () => {
    const base = pinned();
    expect(differences(base, parts)).toEqual([]);
    fc.assert(
      fc.property(
        fc.nat(parts.length - 1),
        fc.nat(100),
        fc.integer({ min: 1, max: 255 }),
        (which, at, by) => {
          const changed = parts.map(({ path, bytes }, place) => {
            const copy = Buffer.from(bytes);
            if (place === which) copy[at % copy.length]! ^= by;
            return { path, bytes: copy };
          });
          expect(differences(base, changed)).toEqual([
            expect.stringContaining(`${parts[which]!.path} is sha256:`),
          ]);
        },
      ),
    );
  });

  it('has no file more and none less, and is of one platform', () => {
    const base = pinned();
    expect(differences(base, parts.slice(1))).toEqual(['/bin/node is pinned, and not here']);
    const more = { path: '/lib/libevil.so', bytes: Buffer.from('') };
    expect(differences(base, [...parts, more])).toEqual(['/lib/libevil.so is not pinned']);
    expect(differences({ ...base, platform: 'plan9-mips' }, parts)).toHaveLength(1);
  });

  it.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
    '[COMPL-07/digests] is, for the image, the Node.js that the tests run with',
    async () => {
      const base = readBase(join(ROOT, 'deploy/base.json'));
      expect(base.files['/bin/node']).toBe(digestOf(await readFile(NODE)));
      const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
      expect(base.node).toBe(devDependencies.node);
    },
  );
});

interface Answer {
  readonly status?: number;
  readonly body: string;
}

describe('releases after the one that is pinned', () => {
  let server: Server;
  let answer: Answer;
  let index: string;
  beforeEach(async () => {
    server = createServer((_, response) => response.writeHead(answer.status ?? 200).end(answer.body));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.json`;
  });
  afterEach(() => void server.close());

  const list = (...entries: readonly (readonly [version: string, security?: boolean])[]): string =>
    JSON.stringify(entries.map(([version, security = false]) => ({ version, security, lts: false })));

  it('[COMPL-08/noticed] are noticed, of the same major version, with whether they mend what is insecure', async () => {
    answer = {
      body: list(['v27.1.0', true], ['v26.12.1'], ['v26.12.0', true], ['v26.10.0'], ['v26.9.0', true]),
    };
    expect(await newsSince('26.10.0', index)).toEqual({ latest: '26.12.1', security: true });
    expect(await newsSince('26.12.0', index)).toEqual({ latest: '26.12.1', security: false });
    expect(await newsSince('26.12.1', index)).toBeUndefined();
  });

  it('compares numbers, not texts', async () => {
    answer = { body: list(['v26.10.0'], ['v26.9.11']) };
    expect(await newsSince('26.10.0', index)).toBeUndefined();
    expect(await newsSince('26.9.11', index)).toEqual({ latest: '26.10.0', security: false });
  });

  it.each([
    ['no list', { body: '{"version":"v26.10.0"}' }],
    ['no JSON', { body: '<html>' }],
    ['another status', { status: 404, body: list(['v26.10.0']) }],
    ['a list without the one that is pinned', { body: list(['v26.11.0', true]) }],
    ['entries that are none', { body: '[null,{},{"version":7},{"version":"v26.10.0; rm -rf /"}]' }],
  ])('are not believed of %s', async (_, given) => {
    answer = given;
    await expect(newsSince('26.10.0', index)).rejects.toThrow();
  });

  /** The exit code and the output of `npm run base -- news`. */
  const news = (from: string): Promise<readonly [code: number, out: string]> =>
    new Promise((resolve) =>
      execFile(NODE, ['scripts/base.ts', 'news', from], { cwd: ROOT }, (error, out) =>
        resolve([error === null ? 0 : Number(error.code), out]),
      ),
    );

  it('[COMPL-08/noticed] end the command with 1 and the version to take, from a file as well; 0 if there are none, 3 if nobody knows', async () => {
    const { node } = readBase(join(ROOT, 'deploy/base.json'));
    const [major] = node.split('.');
    const file = join(folder, 'index.json');
    await writeFile(file, list([`v${major}.9999.0`, true], [`v${node}`]));
    expect(await news(file)).toEqual([1, `${major}.9999.0\n`]);
    await writeFile(file, list([`v${node}`]));
    expect(await news(file)).toEqual([0, '']);
    expect(await news(join(folder, 'none.json'))).toEqual([3, '']);
  });

  it('[COMPL-08/declared] are looked for each night by a workflow, which pins and builds anew and asks for the change', async () => {
    const workflow = parse(await readFile(join(ROOT, '.github/workflows/base.yaml'), 'utf8'));
    expect(workflow.on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) }]);
    const steps: readonly string[] = workflow.jobs.base.steps.flatMap(
      ({ run }: { run?: string }) => run ?? [],
    );
    const order = [
      'apt-get upgrade',
      'base -- news',
      'node@$next',
      'base -- pin',
      'run rootfs',
      'gh pr create',
    ];
    const places = order.map((text) => steps.findIndex((step) => step.includes(text)));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    for (const [, name] of steps.join('\n').matchAll(/npm run (?:--silent )?([\w:]+)/g))
      expect(scripts).toHaveProperty([name!]);
  });
});
