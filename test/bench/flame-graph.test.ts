import { expect, test } from 'vitest';
import type { CpuProfile } from '../../bench/cpu-profile.ts';
import { flameGraph } from '../../bench/flame-graph.ts';

const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 0 },
  children,
});

/** 60 % in `leaf`, reached over `own`; 40 % in `own` itself; besides, as long again in nothing. */
const PROFILE: CpuProfile = {
  startTime: 0,
  nodes: [
    node(1, '(root)', '', [2, 4]),
    node(2, 'own', 'file:///app/runtime/a.ts', [3]),
    node(3, 'leaf<T>', 'node:net'),
    node(4, '(idle)', ''),
  ],
  samples: [3, 2, 4, 3],
  timeDeltas: [300, 400, 1_000, 300],
};

test('a flame graph has each frame as wide as its share of the busy time, callees above callers', () => {
  const svg = flameGraph(PROFILE, 'file:///app/', 'bare & small');
  const frames = [
    ...svg.matchAll(/<title>([^<]+): ([\d.]+) %<\/title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g),
  ];
  expect(frames.map(([, name, share, x, , width]) => [name, share, x, width])).toEqual([
    ['all', '100.00', '0.0', '1600.0'],
    ['own  runtime/a.ts:1', '100.00', '0.0', '1600.0'],
    ['leaf&lt;T&gt;  node:net:1', '60.00', '0.0', '960.0'],
  ]);
  const rows = frames.map((frame) => Number(frame[4]));
  expect(rows.toSorted((left, right) => right - left)).toEqual(rows);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(svg).toContain('bare &amp; small');
  expect(svg).not.toContain('(idle)');
});
