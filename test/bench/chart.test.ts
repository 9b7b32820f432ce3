import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { barChart } from '../../bench/chart.ts';
import { npmTable } from '../../bench/npm-figures.ts';

const elements = (svg: string): readonly { readonly name: string; readonly width: string | undefined }[] => {
  const found: { name: string; width: string | undefined }[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => void found.push({ name, width: attributes.width }));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(svg).close();
  return found;
};

describe('the chart of the benchmark', () => {
  it('is XML with a bar for each figure, as long as it is large', () => {
    const svg = barChart('CPU <per> request', 'µs', [
      { name: 'nginx & co', value: 20 },
      { name: 'gateway', value: 40 },
    ]);
    const bars = elements(svg).filter(({ name }) => name === 'rect');
    expect(bars.map(({ width }) => Number(width))).toEqual([230, 460]);
    expect(svg).toContain('nginx &amp; co');
  });
});

describe('the table of gateways of npm', () => {
  it('holds each against ours before the same kind of upstream, and judges the best of them', () => {
    const cpuUsPerCall = {
      'gatewright secure, HTTP behind': 100,
      'gatewright secure, stdio behind': 50,
      'one, HTTP behind': 1000,
      'other, stdio behind': 400,
    };
    const { text, ratio } = npmTable({ date: '2026-01-01', machine: 'a machine', cpuUsPerCall });
    expect(ratio).toBe(8);
    expect(text).toMatch(/one, HTTP behind +\| +1000 \| +10\.0/);
    expect(text).toContain('pass');
    const dearer = { ...cpuUsPerCall, 'gatewright secure, stdio behind': 51 };
    expect(npmTable({ date: '', machine: '', cpuUsPerCall: dearer }).text).toContain('FAIL');
  });
});
