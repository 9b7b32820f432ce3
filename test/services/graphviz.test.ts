import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderDot } from '../../compiler/draw/dot.ts';
import { drawings } from '../compiler/draw/drawings.ts';

const isMissing = spawnSync('dot', ['-V']).error !== undefined;

describe.skipIf(isMissing)('Graphviz', () => {
  it('reads a drawing as it was meant, whatever the names', () => {
    fc.assert(
      fc.property(drawings(4), (drawing) => {
        const { status, stdout, stderr } = spawnSync('dot', ['-Tplain'], {
          input: renderDot(drawing),
          encoding: 'utf8',
        });
        expect([status, stderr]).toEqual([0, '']);
        const kinds = stdout.split('\n').map((line) => line.split(' ')[0]);
        expect(kinds.filter((kind) => kind === 'node')).toHaveLength(drawing.boxes.length);
        expect(kinds.filter((kind) => kind === 'edge')).toHaveLength(drawing.lines.length);
      }),
      { numRuns: 20 },
    );
  });
});
