/** That nothing is missing of what has to be shown by a test of its own. */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const HARD_CASES = 37;
const CHECKLIST = [
  ...['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9'],
  ...['H1', 'H2', 'H3', 'H4', 'H5', 'H6'],
  ...['K1', 'L2', 'L3'],
];

const TESTS = join(import.meta.dirname, '..');

/** Every test file, below the folder of all tests, to its text. */
const FILES: ReadonlyMap<string, string> = new Map(
  globSync('**/*.test.ts', { cwd: TESTS }).map((file) => [file, readFileSync(join(TESTS, file), 'utf8')]),
);

const filesWith = (opening: string): string[] =>
  [...FILES].filter(([, text]) => new RegExp(`['"\`]${opening}: `).test(text)).map(([file]) => file);

const filesIn = (folder: string): string[] => [...FILES.keys()].filter((file) => dirname(file) === folder);

it('each of the hard cases of MCP behind a gateway has one file, with its number in name and title', () => {
  const folder = join('e2e', 'hard-cases');
  for (let number = 1; number <= HARD_CASES; number += 1) {
    const shown = filesWith(`hard case ${number}`);
    expect(shown, `hard case ${number}`).toHaveLength(1);
    expect(dirname(shown[0]!)).toBe(folder);
    expect(Number.parseInt(basename(shown[0]!), 10)).toBe(number);
  }
  expect(filesIn(folder)).toHaveLength(HARD_CASES);
});

it('each item of the security checklist has one file, with its id in name and title', () => {
  const folder = join('e2e', 'security-checklist');
  for (const id of CHECKLIST) {
    const shown = filesWith(id);
    expect(shown, id).toHaveLength(1);
    expect(dirname(shown[0]!)).toBe(folder);
    expect(basename(shown[0]!)).toMatch(new RegExp(`^${id.toLowerCase()}-`));
  }
  expect(filesIn(folder)).toHaveLength(CHECKLIST.length);
});
