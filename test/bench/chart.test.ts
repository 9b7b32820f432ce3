import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { barChart } from '../../bench/chart.ts';
import { type NpmPart, type NpmRow, npmBounds, npmPassed, npmTable } from '../../bench/npm-figures.ts';
import { npmSection, replaceNpmSection } from '../../bench/npm-section.ts';

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
  const row = { name: 'other', cpuUsPerCall: 900, busy: 1, toOurs: 9, toFloor: 12 };
  const ours = { ...row, name: 'gatewright secure', cpuUsPerCall: 100, toOurs: 1, toFloor: 1.3 };
  const part = (rows: readonly NpmRow[]): NpmPart => ({
    name: 'http',
    title: '2026-07-28, HTTP behind',
    date: '2026-01-01',
    machine: 'a machine',
    rounds: 9,
    connections: 64,
    rows,
  });

  it('judges each of the others against ours at the same work', () => {
    const close = { ...row, name: 'close', toOurs: 7.9 };
    const text = npmTable([part([ours, row, close])]);
    expect(text).toMatch(/other +\| +2026-07-28, HTTP behind \| +900 \| .* 9\.0 \| +pass/);
    expect(text).toMatch(/close +\| .* 7\.9 \| +FAIL/);
    expect(text).toMatch(/gatewright secure \|.*1\.0 \| +\|/);
    expect(npmPassed([part([ours, row])])).toBe(true);
    expect(npmPassed([part([ours, row]), part([ours, close])])).toBe(false);
  });

  it('tells of what fails whether it could pass at all', () => {
    const close = { ...row, name: 'close', toOurs: 7.9 };
    const cheap = { ...row, name: 'cheap', toOurs: 3, toFloor: 4 };
    const [first, second, ...more] = npmBounds([part([ours, row, close, cheap])]);
    expect(first).toContain('close (2026-07-28, HTTP behind): an eighth of it is 1.50 × the floor.');
    expect(second).toContain('0.50 × the floor, less than passing messages on costs.');
    expect(more).toEqual([]);
  });

  it('replaces its section of the page and nothing else', () => {
    const section = npmSection([part([ours, row])]);
    const page = replaceNpmSection('# Performance\n', section);
    expect(page).toContain('# Performance');
    expect(replaceNpmSection(page, section)).toBe(page);
    const more = `${page}\n## Another section\n`;
    expect(replaceNpmSection(more, section.replace('64', '32'))).toBe(more.replace('64', '32'));
    expect(npmSection([])).toBe('');
  });
});
