import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../../policies/cel/expression.ts';
import { MAX_TEXT_DEPTH, MAX_TREE_DEPTH } from '../../../policies/cel/nesting.ts';

const isTaken = (expression: string): boolean => {
  try {
    parseExpression(expression);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

const around = (open: string, inner: string, close: string) => (depth: number) =>
  open.repeat(depth) + inner + close.repeat(depth);

/** Expressions by how deep their text is. */
const DEEP_TEXTS: Readonly<Record<string, (depth: number) => string>> = {
  brackets: around('(', 'true', ')'),
  denials: around('!(', 'true', ')'),
  lists: around('[', '1', ']'),
  maps: around('{1: ', '1', '}'),
  calls: around('size(', 'args', ')'),
  choices: around('true ? 1 : ', '2', ''),
};

/** Expressions by how deep their tree is. */
const DEEP_TREES: Readonly<Record<string, (depth: number) => string>> = {
  sums: around('1 + ', '1', ''),
  comparisons: around('true == ', 'true', ''),
  members: around('', 'args', '.a'),
  elements: around('', 'args', '[0]'),
  methods: around('', 'args', '.f()'),
};

describe('an expression that nests', () => {
  const ROWS = [
    ...Object.entries(DEEP_TEXTS).map(([name, deep]) => [name, deep, MAX_TEXT_DEPTH] as const),
    ...Object.entries(DEEP_TREES).map(([name, deep]) => [name, deep, MAX_TREE_DEPTH] as const),
  ];
  test.each(ROWS)('as %s do is taken up to a bound', (_name, deep, bound) => {
    expect(isTaken(deep(bound - 1))).toBe(true);
    expect(isTaken(deep(bound + 1))).toBe(false);
  });

  test('side by side is taken, however much there is of it', () => {
    expect(isTaken(Array(500).fill('(a ? b : c)').join(' || '))).toBe(true);
    expect(isTaken(`[${Array(500).fill('a ? b : c').join(', ')}]`)).toBe(true);
    expect(isTaken(Array(1000).fill('true').join(' && '))).toBe(true);
  });

  test.each([
    ['text', `'${'('.repeat(500)}' == "${'['.repeat(500)}"`],
    ['text with quotes of its own', `'\\'${'('.repeat(500)}' == ''`],
    ['text over lines', `"""\n"${'{'.repeat(500)}""" == ''`],
    ['patterns', `'a'.matches(r'\\${'('.repeat(500)}')`],
    ['a remark', `true // ${'('.repeat(500)}`],
  ])('in %s alone is taken', (_where, expression) => {
    expect(isTaken(expression)).toBe(true);
  });
});

test('what is taken is prepared and evaluated, too, by a thread with half of the stack of the main one', async () => {
  const expressions = [
    ...Object.values(DEEP_TEXTS).map((deep) => deep(MAX_TEXT_DEPTH - 1)),
    ...Object.values(DEEP_TREES).map((deep) => deep(MAX_TREE_DEPTH - 1)),
  ];
  const [program, environment] = ['program', 'environment'].map((name) =>
    JSON.stringify(new URL(`../../../policies/cel/${name}.ts`, import.meta.url).href),
  );
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const outcome = ({ prepareCel }, { CALL_ENVIRONMENT }) => (expression) => {
      const { variables, evaluate } = prepareCel(expression, CALL_ENVIRONMENT);
      return variables.size > 0 ? 'prepared' : typeof evaluate({});
    };
    Promise.all([import(${program}), import(${environment})]).then(([program, environment]) => {
      parentPort.postMessage(workerData.map(outcome(program, environment)));
    });`;
  const worker = new Worker(code, {
    eval: true,
    workerData: expressions,
    resourceLimits: { stackSizeMb: 0.5 },
  });
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  worker.once('message', resolve).once('error', reject);
  expect(await promise).toHaveLength(expressions.length);
  await worker.terminate();
});
