import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytecodeEnvironment, writeBytecode } from '../../scripts/bytecode.ts';
import { ROOT } from '../support/source-file.ts';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-start-'));
  await run(process.execPath, ['scripts/build.ts', join(folder, 'built/dist')], { cwd: ROOT });
  await cp(join(ROOT, 'package.json'), join(folder, 'built/package.json'));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('what was compiled when it was built', () => {
  it('[COMPL-13/bytecode] is taken wherever it was moved to together with the program', async () => {
    const [built, moved] = [join(folder, 'built'), join(folder, 'elsewhere/moved')];
    await writeBytecode(process.execPath, join(built, 'dist/gatewright.js'), join(built, 'bytecode'));
    await cp(built, moved, { recursive: true });
    await rm(built, { recursive: true });
    const program = join(moved, 'dist/gatewright.js');
    const env = { ...bytecodeEnvironment(join(moved, 'bytecode')), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    // Nothing is there to be healthy.
    const told = await run(process.execPath, [program, 'health', 'http://127.0.0.1:9'], { env }).catch(
      (failed: { readonly stdout: string; readonly stderr: string }) => failed,
    );
    const lines = `${told.stdout}${told.stderr}`.split('\n');
    const parts = lines.filter((line) => /V8 code cache for ESM \S+ was /.test(line));
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.filter((line) => !line.includes('was accepted'))).toEqual([]);
  }, 60_000);

  /** Linux: processes are pinned by taskset and measured in /proc. */
  it.skipIf(process.platform !== 'linux')(
    '[COMPL-13] a command measures cold starts and prints what they take, with nothing compiled before and precompiled',
    async () => {
      const { stdout } = await run(process.execPath, ['bench/start.ts', '--starts', '1'], { cwd: ROOT });
      const figures = [
        ...stdout.matchAll(/^\| (nothing|precompiled)[^|]*\| +(\d+) \| +(\d+) \| +(\d+) \|$/gm),
      ];
      expect(figures.map(([, title]) => title)).toEqual(['nothing', 'precompiled']);
      for (const [, , ms, cpuMs, residentMb] of figures) {
        expect(Number(ms)).toBeGreaterThan(0);
        expect(Number(cpuMs)).toBeGreaterThan(0);
        expect(Number(residentMb)).toBeGreaterThan(0);
      }
    },
    90_000,
  );
});
