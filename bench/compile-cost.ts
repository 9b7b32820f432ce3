/** What commands over a large configuration cost, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from './gateway-program.ts';
import { LARGE, largeConfiguration } from './large-configuration.ts';

export interface Cost {
  readonly code: number;
  /** Of all threads: where nothing else runs, no less than what the clock shows. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The most memory at once. */
  readonly residentBytes: number;
}

/** What is promised: time on the clock of a machine that does nothing else. */
export const COMPILE_BUDGETS = { checkMs: 3_000, planMs: 4_000, residentBytes: 500e6 } as const;

/** As bin/gatewright.mjs sets them. */
const NODE_FLAGS = ['--max-semi-space-size=32'];

const costOf = (cwd: string, ...args: readonly string[]): Cost => {
  const { stderr } = spawnSync(
    process.execPath,
    [...NODE_FLAGS, packageFile('bench/compile-probe.ts'), ...args],
    {
      cwd,
      encoding: 'utf8',
    },
  );
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`the probe failed: ${stderr}`);
  return JSON.parse(last) as Cost;
};

/** A check of a configuration of thousands of nodes, and the plan of a change of one line of it. */
export const largeCosts = (): { readonly check: Cost; readonly plan: Cost } => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-large-'));
  try {
    const text = largeConfiguration(LARGE);
    writeFileSync(join(folder, 'gateway.yaml'), text);
    writeFileSync(
      join(folder, 'changed.yaml'),
      text.replace('timeouts: { call: 10s }', 'timeouts: { call: 11s }'),
    );
    return {
      check: costOf(folder, 'check', 'gateway.yaml'),
      plan: costOf(folder, 'plan', 'gateway.yaml', 'changed.yaml'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
