import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { barChart } from '../../bench/chart.ts';
import { npmPassed, npmText } from '../../bench/npm-figures.ts';
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
  const ours = {
    name: 'gatewright secure',
    caller: '2026-07-28',
    behind: 'HTTP',
    cpuUsPerCall: 100,
  } as const;
  const other = { ...ours, name: 'other', cpuUsPerCall: 900, ratio: 9 } as const;
  const figures = { date: '2026-01-01', machine: 'a machine', rounds: 9, connections: 64 };

  it('judges each against ours at the same work, and the best of them in each revision', () => {
    const older = { ...other, name: 'older', caller: '2024-11-05', ratio: 7.9 } as const;
    const text = npmText({ ...figures, rows: [ours, other, older] });
    expect(text).toMatch(/other +\| +2026-07-28 \| +HTTP \| +900 \| +9\.0 \| +pass/);
    expect(text).toMatch(/older +\| +2024-11-05 \| .* 7\.9 \| +FAIL/);
    expect(text).toContain('In 2026-07-28, the best of the others costs 9.0 times as much: pass.');
    expect(text).toContain('In older revisions, the best of the others costs 7.9 times as much: FAIL.');
    expect(npmPassed({ ...figures, rows: [ours, other] })).toBe(true);
    expect(npmPassed({ ...figures, rows: [ours, other, older] })).toBe(false);
  });

  it('tells what is no MCP, and does not judge it', () => {
    const rest = { ...other, caller: 'REST', ratio: 2 } as const;
    expect(npmText({ ...figures, rows: [ours, other, rest] })).toMatch(/2\.0 \| +no MCP: not judged/);
    expect(npmPassed({ ...figures, rows: [ours, other, rest] })).toBe(true);
  });

  it('replaces its section of the page and nothing else', () => {
    const section = npmSection({ ...figures, rows: [ours, other] });
    const page = replaceNpmSection('# Performance\n', section);
    expect(page).toContain('# Performance');
    expect(replaceNpmSection(page, section)).toBe(page);
    const more = `${page}\n## Another section\n`;
    expect(replaceNpmSection(more, section.replace('64', '32'))).toBe(more.replace('64', '32'));
  });
});
