import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findExecutable } from '../../../../runtime/upstream/stdio/command.ts';

let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewright-')));
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'bin', 'folder'));
  await writeFile(join(folder, 'bin', 'script'), '#!/usr/bin/env node\nconsole.log(1)\n', { mode: 0o755 });
  await writeFile(join(folder, 'bin', 'shell'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  await writeFile(join(folder, 'bin', 'plain'), 'no program\n', { mode: 0o644 });
});

afterAll(() => rm(folder, { recursive: true }));

const find = (command: string, path = `/no/such/folder:${join(folder, 'bin')}`) =>
  findExecutable(command, ['--flag'], folder, path);

describe('the program of a command', () => {
  test('is looked up in PATH where its name has no slash', async () => {
    expect(await find('shell')).toEqual({ file: join(folder, 'bin', 'shell'), args: ['--flag'] });
  });

  test('is relative to the directory where it has one', async () => {
    expect(await find('./bin/shell', '')).toEqual({ file: join(folder, 'bin', 'shell'), args: ['--flag'] });
    expect(await find(join(folder, 'bin/shell'), '')).toMatchObject({ file: join(folder, 'bin', 'shell') });
  });

  test('`node`, and a script that asks for it, is the Node that runs the gateway', async () => {
    expect(await find('node', '')).toEqual({ file: process.execPath, args: ['--flag'] });
    expect(await find('script')).toEqual({
      file: process.execPath,
      args: [join(folder, 'bin', 'script'), '--flag'],
    });
  });

  test('is never a file that is not executable, a folder, or something relative in PATH', async () => {
    for (const command of ['plain', 'folder', 'missing', './bin/plain', './bin/folder', './missing']) {
      await expect(find(command), command).rejects.toThrow();
    }
    await expect(find('script', 'bin::.')).rejects.toThrow('not in PATH');
  });
});
