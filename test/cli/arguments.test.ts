import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../cli/arguments.ts';
import { CHECK } from '../../cli/manual/check.ts';

const problem = (...args: readonly string[]) => parseArguments(args, CHECK, 1);

describe('the arguments of a command', () => {
  it.each([
    [['--formt', 'json'], 'unknown option `--formt`; did you mean `--format`?'],
    [['--format'], '`--format` needs a value: pretty, json, sarif, github, junit'],
    [['--format', '--fix'], '`--format` needs a value: pretty, json, sarif, github, junit'],
    [['--format', 'xml'], 'unknown format `xml`; there is pretty, json, sarif, github, junit'],
    [['--overlay'], '`--overlay` needs a value'],
    [['--fix=all'], '`--fix` takes no value'],
    [['a.yaml', 'b.yaml'], 'unexpected `b.yaml`'],
  ])('are refused in words that say what to do: %j', (args, told) => {
    expect(problem(...args)).toBe(told);
  });

  it('are taken as they are where they are right', () => {
    expect(problem('a.yaml', '--format=json', '--fix')).toMatchObject({
      positionals: ['a.yaml'],
      values: { format: 'json', fix: true },
    });
  });
});
