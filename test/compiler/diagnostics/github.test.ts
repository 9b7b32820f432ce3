import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayText } from '../../../compiler/diagnostics/render/display-width.ts';
import { renderGithub } from '../../../compiler/diagnostics/render/github.ts';
import { compileFixture, fixturesIn } from '../fixture.ts';
import { findingsArbitrary, HOSTILE_TEXTS } from './hostile-findings.ts';

interface WorkflowCommand {
  readonly command: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

const unescapeData = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');

const unescapeProperty = (text: string): string =>
  unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));

/** A line of a log as the runner reads it; undefined if it is no command. */
const readCommand = (line: string): WorkflowCommand | undefined => {
  const match = /^::([a-z-]+)(?: (.*?))?::(.*)$/s.exec(line.trimStart());
  if (match === null) return undefined;
  const [, command = '', properties = '', message = ''] = match;
  const pairs = properties.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), unescapeProperty(pair.slice(at + 1))] as const;
  });
  return { command, properties: Object.fromEntries(pairs), message: unescapeData(message) };
};

const linesOf = (output: string): readonly string[] => output.replace(/\n$/, '').split(/\r\n|\r|\n/);

describe('findings as workflow commands', () => {
  it('say where, what and what to do', () => {
    const { diagnostics } = compileFixture('err', 'GW2003-unknown-upstream');
    expect(renderGithub('gateway.yaml', diagnostics)).toBe(
      '::error title=GW2003%3A Unknown upstream,file=gateway.yaml,line=8,endLine=8,col=26,endColumn=30::' +
        'unknown upstream `filse`%0Ahelp: did you mean `files`?\ngatewright: gateway.yaml: 1 error\n',
    );
  });

  it.each(fixturesIn('err'))('of %s are one line each', (name) => {
    const { diagnostics } = compileFixture('err', name);
    const lines = linesOf(renderGithub('gateway.yaml', diagnostics));
    const commands = lines.map(readCommand);
    expect(commands.slice(0, -1).map((read) => read?.command)).toEqual(
      diagnostics.map(({ severity }) => severity),
    );
    expect(commands.at(-1)).toBeUndefined();
  });

  it.each(HOSTILE_TEXTS)('give no command of its own to the file name %j', (name) => {
    const lines = linesOf(renderGithub(name, []));
    expect(lines).toHaveLength(1);
    expect(readCommand(lines[0]!)).toBeUndefined();
    expect(lines[0]).not.toContain('##[');
  });

  it('are read back as they were, whatever the texts are', () => {
    fc.assert(
      fc.property(findingsArbitrary, (findings) => {
        const lines = linesOf(renderGithub('gateway.yaml', findings));
        expect(lines).toHaveLength(findings.length + 1);
        for (const [index, finding] of findings.entries()) {
          const read = readCommand(lines[index]!)!;
          expect(read.command).toBe(finding.severity);
          expect(read.properties.file?.endsWith(finding.span.file.split('/').at(-1)!)).toBe(true);
          expect(read.properties.line).toBe(String(finding.span.line));
          expect(
            Object.keys(read.properties).every((key) =>
              /^(title|file|(end)?Line|line|col|endColumn)$/.test(key),
            ),
          ).toBe(true);
          expect(read.message.split('\n')[0]).toBe(displayText(finding.message));
        }
      }),
      { numRuns: 300 },
    );
  });
});
