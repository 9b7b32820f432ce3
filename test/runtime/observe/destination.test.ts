import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDestination } from '../../../runtime/observe/destination.ts';
import { until } from '../listen/listener-fixture.ts';

/** Counts how often a destination was found full. */
const found = vi.hoisted(() => ({ full: 0 }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  type Done = (error: NodeJS.ErrnoException | null, written: number) => void;
  const write = (fd: number, bytes: Buffer, done: Done): void =>
    real.write(fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') found.full += 1;
      done(error, written);
    });
  return { ...real, write };
});

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

  describe('for a reader that is behind', () => {
    const lines = Array.from({ length: 5_000 }, (_, i) => `${i} ${'ä€😀'.repeat(20)}\n`).join('');

    /** A pipe with nobody at its other end, and a writer that found it full. */
    const openFull = async () => {
      const pipe = join(folder, 'pipe');
      spawnSync('mkfifo', [pipe]);
      const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
      const writer = openDestination(fd);
      const before = found.full;
      writer.write(lines);
      await until(() => found.full > before);
      expect(() => writeSync(fd, 'x')).toThrow('EAGAIN');
      return { pipe, fd, writer };
    };

    /** What is read in all once a reader is there; resolves when the pipe has no writer any more. */
    const readOf = (pipe: string): Promise<string> => {
      const log = openSync(join(folder, 'log'), 'w');
      const reader = spawn('cat', [pipe], { stdio: ['ignore', log, 'inherit'] });
      closeSync(log);
      return once(reader, 'exit').then(() => readFileSync(join(folder, 'log'), 'utf8'));
    };

    it('writes at the end what was being written and what was held after it, no part of it twice', async () => {
      const { pipe, fd, writer } = await openFull();
      writer.write('the last\n');
      const read = readOf(pipe);
      writer.flushSync(20_000);
      closeSync(fd);
      expect(await read).toBe(`${lines}the last\n`);
      expect(writer.dropped).toBe(0);
    });

    it('is settled when all of it is read', async () => {
      const { pipe, fd, writer } = await openFull();
      writer.write('the last\n');
      const settled = writer.settled!();
      const read = readOf(pipe);
      await settled;
      closeSync(fd);
      expect(await read).toBe(`${lines}the last\n`);
    });

    it('drops at the end what it does not take in time, and is settled by that', async () => {
      const { fd, writer } = await openFull();
      const settled = writer.settled!();
      writer.flushSync(0);
      await settled;
      expect(writer.dropped).toBe(1);
      closeSync(fd);
    });
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
