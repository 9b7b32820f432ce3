/** Every test asks for one thing, and expects something that can be. */
import { isIP } from 'node:net';
import type { Offers } from '../../policies/trace/offers.ts';
import { findTarget, listTargets, prepareShares } from '../../policies/trace/target.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import { anchorPlaceAt } from '../source/tree.ts';
import { type ParsedTests, placeOf } from './check-names.ts';
import type { Expectation } from './suite.ts';

interface OfferedTests extends ParsedTests {
  readonly offers: Offers;
}

type Case = ParsedTests['data']['cases'][number];

const TARGETS = ['call', 'prompt', 'read', 'list'] as const;
const LISTS = ['tools', 'prompts', 'resources', 'templates'] as const;

/** What would hold whatever the gateway does, or never. */
const expectationProblem = (
  expect: Expectation,
  { list }: Case,
): readonly [problem: string, help: string] | undefined => {
  const { allow, deny, status, code, upstream } = expect;
  if (Object.keys(expect).length === 0)
    return ['nothing is expected', 'say what must come of it, such as `allow: true`'];
  const lists = LISTS.filter((key) => expect[key] !== undefined);
  const wrong = lists.find((key) => key !== list);
  if (wrong !== undefined)
    return [
      `\`${wrong}\` is expected of something else than \`list: ${wrong}\``,
      `ask for \`list: ${wrong}\``,
    ];
  const lets = allow === true || upstream !== undefined || lists.length > 0 || expect.result !== undefined;
  const refuses =
    allow === false || deny !== undefined || code !== undefined || (status !== undefined && status >= 400);
  if (lets && refuses) return ['it is expected to be let through and to be refused', 'expect one of the two'];
  if (list !== undefined && upstream !== undefined)
    return ['a list goes to no single upstream', 'remove `upstream`'];
  return undefined;
};

/** Whether a test is about what is not there, or about a refusal that comes before anybody looks for it. */
const expectsNothing = ({ deny, code, status = 200 }: Expectation): boolean =>
  deny === 'expose' ||
  deny === 'unknown_target' ||
  status >= 400 ||
  (code !== undefined && !code.startsWith('policy_'));

const checkTarget = (tests: OfferedTests, server: ServerNode, index: number, report: Report): void => {
  const { call, prompt, expect } = tests.data.cases[index]!;
  const name = call ?? prompt;
  if (name === undefined || expectsNothing(expect)) return;
  const kind = call === undefined ? 'prompt' : 'tool';
  const shares = prepareShares(server, tests.graph, tests.offers);
  if (findTarget(shares, kind, name).found !== undefined) return;
  const list = kind === 'tool' ? 'tools' : 'prompts';
  const known = listTargets(shares, list, []).keys();
  const near = nearest(name, known);
  const place = placeOf(tests.tree, ['cases', index, kind === 'tool' ? 'call' : 'prompt']);
  report('GW1043', place, { what: kind, name, server: server.name, nearest: near });
};

const checkCase = (tests: OfferedTests, index: number, report: Report): void => {
  const { data, tree, graph } = tests;
  const one = data.cases[index]!;
  const path = ['cases', index];
  const found = TARGETS.filter((key) => one[key] !== undefined);
  if (found.length !== 1) report('GW1041', placeOf(tree, [...path, found[1] ?? 'name']), { found });
  const problem = expectationProblem(one.expect, one);
  if (problem !== undefined)
    report('GW1042', anchorPlaceAt(tree, [...path, 'expect']), { problem: problem[0], help: problem[1] });
  if (one.from !== undefined && isIP(one.from) === 0)
    report('GW1012', placeOf(tree, [...path, 'from']), { text: one.from, pattern: 'an IP address' });
  const server = graph.servers[one.server ?? Object.keys(graph.servers)[0]!]!;
  if (one.result !== undefined || one.expect.result !== undefined) {
    const at = one.result === undefined ? [...path, 'expect', 'result'] : [...path, 'result'];
    report('GW1044', anchorPlaceAt(tree, at), { server: server.name });
  }
  checkTarget(tests, server, index, report);
};

/** Reports tests that could show nothing. Needs all names to be right. */
export const checkCases = (tests: OfferedTests, report: Report): void => {
  for (const index of tests.data.cases.keys()) checkCase(tests, index, report);
};
