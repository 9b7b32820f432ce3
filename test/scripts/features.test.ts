import { expect, it } from 'vitest';
import { featuresPage, wrongFields } from '../../scripts/features/page.ts';
import { parseTable } from '../../scripts/features/table.ts';

const FEATURES = parseTable(`## One
| AUTH-01 | Tokens | a token is checked | \`identity.*.issuer\` |
| AUTH-02 | Passwords | a password is checked | \`passwords.dream\` |
## Two
| OPS-01 | Tokens again | = AUTH-01 | \`tokens.dream\` |
| OPS-02 | Both | = AUTH-01, AUTH-02 | \`both.dream\` |
| OPS-03 | Passwords again | = AUTH-02 | \`again.dream\` |
`);

const CLAIM = { id: 'AUTH-01', part: '', file: 'test/e2e/identity.test.ts' };

const rowOf = (id: string): string => {
  const page = featuresPage(FEATURES, [CLAIM]).split('\n');
  return page.find((line) => line.startsWith(`| ${id} |`))!;
};

it('a row that is shown under another name names the fields of the rows that are shown', () => {
  const shownBy = '[e2e/identity.test.ts](../test/e2e/identity.test.ts)';
  expect(rowOf('OPS-01')).toBe(`| OPS-01 | Tokens again | \`identity.*.issuer\` | shown | ${shownBy} |`);
  expect(rowOf('OPS-02')).toBe(`| OPS-02 | Both | \`identity.*.issuer\` | part | ${shownBy} |`);
  expect(rowOf('OPS-03')).toBe('| OPS-03 | Passwords again |  | open |  |');
});

it('a field that a shown row names and that does not exist is told', () => {
  expect(wrongFields(FEATURES, [CLAIM], new Set(['identity.*.issuer']))).toEqual([]);
  expect(wrongFields(FEATURES, [CLAIM], new Set())).toEqual([{ id: 'AUTH-01', field: 'identity.*.issuer' }]);
});
