import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import type { Drawing } from '../../../compiler/draw/drawing.ts';
import { layOut, type PlacedBox } from '../../../compiler/draw/layout.ts';
import { renderSvg } from '../../../compiler/draw/svg.ts';
import { drawings, HOSTILE } from './drawings.ts';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** All elements, as a strict parser reads them; throws for what is not well-formed. */
const elementsOf = (svg: string): readonly Element[] => {
  const elements: Element[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => elements.push({ name, attributes }));
  parser.write(svg).close();
  return elements;
};

const classesOf = ({ attributes }: Element): readonly string[] => (attributes.class ?? '').split(' ');

const overlap = (a: PlacedBox, b: PlacedBox): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const expectApart = (drawing: Drawing): void => {
  const { boxes, width, height } = layOut(drawing);
  for (const [index, box] of boxes.entries()) {
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.y + box.height).toBeLessThanOrEqual(height);
    for (const other of boxes.slice(index + 1)) expect(overlap(box, other)).toBe(false);
  }
};

describe('a drawing as SVG', () => {
  it('is well-formed, holds each box and each line once, and nothing that runs or is fetched', () => {
    fc.assert(
      fc.property(drawings(5), fc.boolean(), (drawing, isPlan) => {
        const svg = renderSvg(drawing, { isPlan });
        const elements = elementsOf(svg);
        const items = elements.filter(({ attributes }) => attributes.role === 'listitem');
        const lines = elements.filter((element) => classesOf(element).includes('line'));
        expect(items.length).toBe(drawing.boxes.length);
        expect(lines.length).toBe(drawing.lines.length);
        expect(elements.map(({ name }) => name)).not.toContain('script');
        const names = new Set(elements.flatMap(({ attributes }) => Object.keys(attributes)));
        expect([...names].filter((name) => /^on|href|src/.test(name))).toEqual([]);
        expect(svg).not.toContain('NaN');
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for the same drawing', () => {
    fc.assert(
      fc.property(drawings(4), (drawing) => {
        expect(renderSvg(structuredClone(drawing), { isPlan: true })).toBe(
          renderSvg(drawing, { isPlan: true }),
        );
      }),
      { numRuns: 20 },
    );
  });

  it('tells those who cannot see it what it is, and what each box is', () => {
    const [first, ...rest] = HOSTILE;
    const box = {
      id: 'server:a',
      kind: 'server',
      name: first!,
      detail: rest.join(),
      badges: [],
      place: undefined,
      mark: undefined,
    } as const;
    const elements = elementsOf(renderSvg({ title: 'acme', boxes: [box], lines: [] }, { isPlan: false }));
    expect(elements[0]!.attributes).toMatchObject({ role: 'img', 'aria-labelledby': 'title desc' });
    expect(elements.filter(({ attributes }) => ['title', 'desc'].includes(attributes.id ?? ''))).toHaveLength(
      2,
    );
    const item = elements.find(({ attributes }) => attributes.role === 'listitem');
    expect(item!.attributes['aria-label']).toBe(`server ${first}`);
  });
});

describe('the places of a drawing', () => {
  it('keep boxes apart and inside, whatever there is to draw', () => {
    fc.assert(
      fc.property(drawings(8), (drawing) => expectApart(drawing)),
      { numRuns: 60 },
    );
  });

  it.each([20, 60])('keep boxes apart where a column has up to %i', (most) => {
    const [drawing] = fc.sample(drawings(most), { numRuns: 1, seed: most });
    expectApart(drawing!);
  });

  it('lead no line through a box', () => {
    fc.assert(
      fc.property(drawings(6), (drawing) => {
        const { boxes, lines } = layOut(drawing);
        for (const { points } of lines)
          for (const [index, to] of points.entries()) {
            const from = points[index - 1];
            if (from === undefined) continue;
            // A curve stays within the columns' gap, or is level where it passes a column.
            const passed = boxes.filter(
              (box) => Math.min(from.x, to.x) < box.x + box.width && Math.max(from.x, to.x) > box.x,
            );
            for (const box of passed) {
              expect(from.y).toBe(to.y);
              expect(from.y < box.y || from.y > box.y + box.height).toBe(true);
            }
          }
      }),
      { numRuns: 60 },
    );
  });

  it('begin and end each line at its boxes', () => {
    fc.assert(
      fc.property(drawings(5), (drawing) => {
        const { boxes, lines } = layOut(drawing);
        const byId = new Map(boxes.map((box) => [box.box.id, box]));
        for (const { line, points } of lines) {
          const [from, to] = [byId.get(line.from)!, byId.get(line.to)!];
          const [start, end] = [points[0]!, points.at(-1)!];
          expect(start.x).toBe(from.x + from.width);
          expect(end.x).toBe(to.x);
          expect(start.y).toBeGreaterThan(from.y);
          expect(start.y).toBeLessThan(from.y + from.height);
          expect(end.y).toBeGreaterThan(to.y);
          expect(end.y).toBeLessThan(to.y + to.height);
        }
      }),
      { numRuns: 60 },
    );
  });
});
