import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderSarif } from '../../../compiler/diagnostics/render/sarif.ts';
import type { Diagnostic } from '../../../schema/diagnostic.ts';
import { compileFixture, FIXTURES, fixturesIn } from '../fixture.ts';
import { findingsArbitrary, HOSTILE_TEXTS } from './hostile-findings.ts';

const {
  $schema: _draft04,
  id: _id,
  ...schema
} = JSON.parse(readFileSync(join(FIXTURES, 'sarif/sarif-2.1.0-rtm.5.json'), 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

const PAGES = join(FIXTURES, '../../docs/diagnostics');
const pageOf = (code: string) => readFileSync(join(PAGES, `${code}.md`), 'utf8');

const render = (diagnostics: readonly Diagnostic[]) =>
  JSON.parse(renderSarif(diagnostics, { version: '1.2.3', pageOf }));

const expectValid = (log: unknown): void => {
  validate(log);
  expect(validate.errors ?? []).toEqual([]);
};

describe('findings as SARIF', () => {
  it.each(fixturesIn('err'))('of %s are valid by the schema of SARIF 2.1.0', (name) => {
    const { diagnostics } = compileFixture('err', name);
    const log = render(diagnostics);
    expectValid(log);
    expect(log.runs[0].results).toHaveLength(diagnostics.length);
  });

  it('are known to be checked: the schema refuses what is not SARIF', () => {
    expect(validate({ version: '2.1.0', runs: [{ tool: {} }] })).toBe(false);
    expect(validate({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x', helpURI: 'x' } } }] })).toBe(
      false,
    );
  });

  it('have the rule, the place, the other places and the fix', () => {
    const { runs } = render(compileFixture('err', 'GW2003-unknown-upstream').diagnostics);
    const [run] = runs;
    const [rule] = run.tool.driver.rules;
    expect(rule).toMatchObject({
      id: 'GW2003',
      name: 'UnknownUpstream',
      helpUri: 'urn:gatewright:diagnostic:GW2003',
      defaultConfiguration: { level: 'error' },
    });
    expect(rule.fullDescription.text).toMatch(/^The name is not defined/);
    expect(rule.help.markdown).toBe(pageOf('GW2003'));
    const where = { uri: 'gateway.yaml', uriBaseId: '%SRCROOT%' };
    expect(run.results).toEqual([
      {
        ruleId: 'GW2003',
        ruleIndex: 0,
        level: 'error',
        message: { text: 'unknown upstream `filse`\nhelp: did you mean `files`?' },
        locations: [
          {
            physicalLocation: {
              artifactLocation: where,
              region: { startLine: 8, startColumn: 26, endLine: 8, endColumn: 31 },
            },
          },
        ],
        relatedLocations: [
          {
            id: 0,
            physicalLocation: {
              artifactLocation: where,
              region: { startLine: 10, startColumn: 3, endLine: 10, endColumn: 8 },
            },
            message: { text: 'similar name defined here' },
          },
        ],
        fixes: [
          {
            description: { text: 'did you mean `files`?' },
            artifactChanges: [
              {
                artifactLocation: where,
                replacements: [
                  {
                    deletedRegion: { startLine: 8, startColumn: 26, endLine: 8, endColumn: 31 },
                    insertedContent: { text: 'files' },
                  },
                ],
              },
            ],
          },
        ],
      },
    ]);
  });

  it('of no finding are a run without results', () => {
    const log = render([]);
    expectValid(log);
    expect(log.runs[0].results).toEqual([]);
  });

  it('name each rule once, and results point at theirs', () => {
    const all = fixturesIn('err').flatMap((name) => compileFixture('err', name).diagnostics);
    const [run] = render(all).runs;
    const ids = run.tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { ruleId, ruleIndex } of run.results) expect(ids[ruleIndex]).toBe(ruleId);
  });

  const [finding] = compileFixture('err', 'GW2003-unknown-upstream').diagnostics;
  const uriOf = (file: string) =>
    render([{ ...finding!, span: { ...finding!.span, file } }]).runs[0].results[0].locations[0]
      .physicalLocation.artifactLocation;

  it('name files by URIs that lead back to them', () => {
    expect(uriOf('./a b/ü#?%:x.yaml')).toEqual({
      uri: 'a%20b/%C3%BC%23%3F%25%3Ax.yaml',
      uriBaseId: '%SRCROOT%',
    });
    expect(uriOf('/etc/gate way.yaml')).toEqual({ uri: 'file:///etc/gate%20way.yaml' });
    for (const text of HOSTILE_TEXTS) {
      const { uri } = uriOf(`${text}.yaml`);
      expect(decodeURIComponent(uri)).toBe(posix.normalize(`${text.toWellFormed()}.yaml`));
      expect(uri).toMatch(/^[\w%.~!*'()/@-]+$/);
    }
  });

  it('hold nothing that a viewer would take for a link or a placeholder', () => {
    const message = 'see {0} and [here](https://evil.example)';
    const [result] = render([{ ...finding!, message, help: [], notes: [] }]).runs[0].results;
    expect(result.message.text).toBe('see {{0}} and \\[here\\](https://evil.example)');
  });

  it('are valid whatever the texts are', () => {
    fc.assert(
      fc.property(findingsArbitrary, (findings) => expectValid(render(findings))),
      { numRuns: 200 },
    );
  });
});
