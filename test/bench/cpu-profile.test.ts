import { expect, it } from 'vitest';
import { functionTimes, inclusiveTimes, moduleTimes, within } from '../../bench/cpu-profile.ts';

const node = (
  id: number,
  functionName: string,
  url: string,
  lineNumber: number,
  children: number[] = [],
) => ({
  id,
  children,
  callFrame: { functionName, url, lineNumber },
});

const profile = {
  startTime: 1_000_000,
  nodes: [
    node(1, '(idle)', '', -1),
    node(2, '(garbage collector)', '', -1),
    node(3, 'admit', 'file:///app/runtime/traffic/rate.ts', 9, [5, 4]),
    node(4, 'admit', 'file:///app/runtime/traffic/rate.ts', 9),
    node(5, '', 'file:///app/node_modules/undici/lib/core/request.js', 4),
    node(6, 'parserOnBody', 'node:_http_common', 100),
    node(7, 'writev', '', -1),
  ],
  samples: [1, 2, 3, 4, 5, 6, 7],
  timeDeltas: [900, 10, 20, 20, 30, 15, 5],
};

it('adds up the self time of a function over all its callers and leaves idle time out', () => {
  expect(functionTimes(profile, 'file:///app/')).toEqual([
    { place: 'admit  runtime/traffic/rate.ts:10', share: 0.4 },
    { place: '(anonymous)  node_modules/undici/lib/core/request.js:5', share: 0.3 },
    { place: 'parserOnBody  node:_http_common:101', share: 0.15 },
    { place: '(garbage collector)', share: 0.1 },
    { place: 'writev', share: 0.05 },
  ]);
});

it('groups by folder, library and module', () => {
  expect(moduleTimes(profile, 'file:///app/')).toEqual([
    { place: 'runtime/traffic', share: 0.4 },
    { place: 'node_modules/undici', share: 0.3 },
    { place: 'node:_http_common', share: 0.15 },
    { place: 'garbage collector', share: 0.1 },
    { place: 'native code', share: 0.05 },
  ]);
});

it('adds callees to their callers, once even where a function calls itself', () => {
  expect(inclusiveTimes(profile, 'file:///app/')).toEqual([
    { place: 'admit  runtime/traffic/rate.ts:10', share: 0.7 },
  ]);
});

it('can be confined to a stretch of time', () => {
  const part = within(profile, 1_000_905, 1_000_955);
  expect(part.samples).toEqual([2, 3, 4]);
  expect(part.timeDeltas).toEqual([10, 20, 20]);
});
