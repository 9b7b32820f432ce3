/** GW302x, GW310x and GW3180: CEL expressions. The words about an expression come from its checker. */
import type { Severity } from '../../../schema/diagnostic.ts';
import { type Entry, entry } from '../entry.ts';

interface Problem {
  readonly problem: string;
  readonly help: readonly string[];
  readonly notes: readonly string[];
}

const expression = (title: string, severity: Severity = 'error'): Entry<Problem> =>
  entry<Problem>({
    severity,
    title,
    message: ({ problem }) => problem,
    help: ({ help }) => help,
    note: ({ notes }) => notes,
  });

export const EXPRESSIONS = {
  GW3020: expression('Expression that cannot be read'),
  GW3021: expression('Unknown name in an expression'),
  GW3022: expression('Unknown field in an expression'),
  GW3023: expression('Types that do not fit in an expression'),
  GW3024: expression('Expression of the wrong type'),
  GW3025: expression('Unknown function in an expression'),
  GW3026: expression('Not allowed in an expression'),
  GW3100: expression('Argument that no call has'),
  GW3101: expression('Argument that calls may lack', 'warning'),
  GW3102: expression('Condition that is always the same', 'warning'),
  GW3180: expression('Address that no key of a limit has', 'warning'),
};
