import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDestination } from '../../../runtime/observe/destination.ts';
import { until } from '../listen/listener-fixture.ts';

/** Whether there was something to read, which is taken. */
const take = (fd: number): boolean => {
  try {
    return readSync(fd, Buffer.alloc(65_536)) > 0;
  } catch {
    return false;
  }
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('openDestination', () => {
  it('writes what is held soon, without being asked', async () => {
    const path = join(folder, 'log');
    const writer = openDestination(path);
    writer.write('one\n');
    writer.write('two\n');
    await until(() => readFileSync(path, 'utf8') === 'one\ntwo\n');
    writer.close();
  });

  it('keeps the order of many lines, whole, whatever is in them', async () => {
    const path = join(folder, 'log');
    const writer = openDestination(path);
    const lines = Array.from({ length: 5_000 }, (_, i) => `${i} ${'ä€😀'.repeat(20)}\n`);
    for (const line of lines) {
      writer.write(line);
      if (line.startsWith('2500 ')) await new Promise(setImmediate);
    }
    await until(() => readFileSync(path, 'utf8') === lines.join(''));
    writer.close();
  });

  it('loses nothing when the process ends', () => {
    const module = new URL('../../../runtime/observe/destination.ts', import.meta.url).href;
    const script = `const { openDestination } = await import(${JSON.stringify(module)}); openDestination(2).write('last words\\n'); process.exit(3);`;
    const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([3, 'last words\n']);
  });

  it('counts what is lost and goes on where the destination fails', async () => {
    const writer = openDestination('/dev/full');
    writer.write('lost\n');
    await until(() => writer.dropped === 1);
    writer.write('lost too\n');
    writer.flushSync();
    expect(writer.dropped).toBe(2);
    writer.close();
  });

  it('holds a bounded amount for a reader that does not read, and neither blocks nor fails', async () => {
    const path = join(folder, 'pipe');
    spawnSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const writer = openDestination(fd);
    const line = `${'x'.repeat(100_000)}\n`;
    for (let i = 0; i < 400; i += 1) writer.write(line);
    expect(writer.dropped).toBeGreaterThan(100);
    await until(() => take(fd));
    writer.close();
    closeSync(fd);
  });
});
