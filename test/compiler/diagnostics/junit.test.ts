import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../../compiler/diagnostics/render/junit.ts';
import type { Diagnostic } from '../../../schema/diagnostic.ts';
import { compileFixture, fixturesIn } from '../fixture.ts';
import { findingsArbitrary, HOSTILE_TEXTS } from './hostile-findings.ts';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** The document as a strict parser reads it; throws for what is not well-formed. */
const parseXml = (xml: string): Element => {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = { name, attributes, children: [], text: '' };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    open.at(-1)!.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  return root.children[0]!;
};

const isError = ({ severity }: Diagnostic) => severity === 'error';

const render = (diagnostics: readonly Diagnostic[], files: readonly string[] = ['gateway.yaml']) => {
  const suites = parseXml(renderJunit(diagnostics, { files, fails: isError }));
  const [suite] = suites.children;
  return { suites, suite: suite!, cases: suite!.children };
};

const outcomesOf = ({ children }: Element) => children.map(({ name }) => name);

/** What XML can hold of a text. */
const inXml = (text: string): string =>
  text.toWellFormed().replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');

describe('findings as a JUnit report', () => {
  it('are a failed test of their file, with all that is wrong in it', () => {
    const { diagnostics } = compileFixture('err', 'GW2003-unknown-upstream');
    const { suites, cases } = render(diagnostics, ['gateway.yaml', 'keys.yaml']);
    expect(suites.attributes).toMatchObject({ tests: '2', failures: '1', errors: '0' });
    expect(cases.map(({ attributes }) => attributes.name)).toEqual(['gateway.yaml', 'keys.yaml']);
    expect(cases.map(outcomesOf)).toEqual([['failure'], []]);
    const [failure] = cases[0]!.children;
    expect(failure!.attributes).toEqual({ type: 'GW2003', message: 'unknown upstream `filse`' });
    expect(failure!.text).toBe(
      'gateway.yaml:8:26: error[GW2003]: unknown upstream `filse`\n  help: did you mean `files`?',
    );
  });

  it('that make nothing fail are output of a test that passes', () => {
    const { suite, cases } = render(compileFixture('err', 'GW2009-unused-definition').diagnostics);
    expect(suite.attributes.failures).toBe('0');
    expect(cases.map(outcomesOf)).toEqual([['system-out']]);
  });

  it('of none are a test that passes', () => {
    const { suite, cases } = render([]);
    expect(suite.attributes).toMatchObject({ tests: '1', failures: '0' });
    expect(cases.map(outcomesOf)).toEqual([[]]);
  });

  it.each(fixturesIn('err'))('of %s can be read by a strict parser', (name) => {
    const { diagnostics } = compileFixture('err', name);
    const text = render(diagnostics)
      .cases.map((one) => one.children.map((child) => child.text).join())
      .join();
    for (const { code, message } of diagnostics) {
      expect(text).toContain(code);
      expect(text).toContain(inXml(message));
    }
  });

  it.each(HOSTILE_TEXTS)('keep the file name %j as it is', (name) => {
    const { cases } = render([], [name]);
    expect(cases.map(({ attributes }) => attributes.name)).toEqual([inXml(name)]);
  });

  it('are well-formed and lose nothing, whatever the texts are', () => {
    fc.assert(
      fc.property(findingsArbitrary, (findings) => {
        const { suite, cases } = render(findings);
        expect(Number(suite.attributes.tests)).toBe(cases.length);
        expect(Number(suite.attributes.failures)).toBe(
          cases.filter((one) => outcomesOf(one).includes('failure')).length,
        );
        const text = cases.flatMap((one) => one.children.map((child) => child.text)).join('\n');
        for (const { message } of findings) expect(text).toContain(inXml(message));
      }),
      { numRuns: 300 },
    );
  });
});
