/** Each step of a trace in words, with the place of its rule. */
import type { IsWritten } from '../../policies/trace/rule-path.ts';
import type {
  AddressStep,
  ExposeStep,
  HeaderStep,
  IdentityStep,
  LimitStep,
  ListedItem,
  ListStep,
  RulePath,
  TraceStep,
  UpstreamStep,
} from '../../policies/trace/trace.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import { policyLines } from './policy-lines.ts';
import { durationText, keyText, principalText, sizeText } from './words.ts';

/** - `ok`: matched, and the request goes on. - `no`: it ends here. - `not`: did not match, or does not apply. */
export type Mark = 'ok' | 'no' | 'not';

export interface Line {
  readonly mark: Mark | undefined;
  readonly depth: number;
  readonly text: string;
  readonly path?: RulePath;
}

/** What the words are made with. */
export interface LineContext {
  readonly graph: Graph;
  readonly isWritten: IsWritten;
}

const line = (passes: boolean, text: string, path: RulePath): Line => ({
  mark: passes ? 'ok' : 'no',
  depth: 0,
  text,
  path,
});

const under = (text: string, path?: RulePath): Line => ({
  mark: undefined,
  depth: 1,
  text,
  ...(path === undefined ? {} : { path }),
});

const addressLine = ({ path, peer, client, proxied, range, passes }: AddressStep): Line => {
  const told = proxied ? `, as the proxy ${peer === '' ? 'at the socket' : peer} tells` : '';
  if (client === undefined)
    return line(false, `the client's address cannot be told from what ${peer} forwards`, path);
  const who = client === '' ? 'a client of the socket' : client;
  const reason = range === undefined ? '' : `: ip.${range.list} has ${range.cidr}`;
  if (passes) return line(true, `${who} may connect${reason}${told}`, path);
  return line(
    false,
    `${who} may not connect${reason === '' ? ': ip.allow does not have it' : reason}${told}`,
    path,
  );
};

const headerLine = ({ step, path, sent, allowed, passes }: HeaderStep): Line => {
  if (sent === undefined) return line(true, 'no Origin is sent: no browser', path);
  if (passes) return line(true, `${step} ${sent} is allowed`, path);
  return line(false, `${step} ${sent} is not among ${step}s: ${allowed.join(', ') || '(none)'}`, path);
};

const PROBLEMS: Readonly<Record<string, string>> = {
  forbidden: 'the credential is good, for other servers',
  issuer: 'of another issuer',
  audience: 'made for another audience',
  no_expiry: 'it does not say when it expires',
  expired: 'expired',
  not_yet_valid: 'not valid yet',
  malformed: 'a time in it is none',
  principal: 'its claims name nobody',
  api_key: 'there is no such key, or it has expired',
};

const identityLines = ({ path, asked, presented, principal, passes }: IdentityStep): readonly Line[] => {
  const told = asked.map(({ name, path: at, verdict, problem }) => {
    if (verdict === 'vouches') return under(`${name} vouches for it`, at);
    return under(
      `${name} refuses it: ${PROBLEMS[verdict] ?? verdict}${problem === undefined ? '' : ` (${problem})`}`,
      at,
    );
  });
  if (principal?.kind === 'anonymous')
    return [line(true, 'nobody in particular is calling, which the server admits', path)];
  if (principal !== undefined) {
    const source = presented === 'recorded' ? 'recorded' : principal.identity;
    return [line(passes, `${source}: ${principalText(principal)}`, path), ...told];
  }
  if (presented === 'nothing') return [line(false, 'no credential is sent, and the server wants one', path)];
  if (asked.length === 0) return [line(false, 'no identity of the server takes such a credential', path)];
  return [line(false, 'the credential is refused', path), ...told];
};

const exposeLines = ({ path, kind, name, tried, upstream, passes }: ExposeStep): readonly Line[] => {
  const others = tried
    .filter((each) => each.upstream !== upstream)
    .map(({ upstream: other, upstreamName, offered, path: at }): Line => {
      const why =
        upstreamName === undefined
          ? 'does not expose that name'
          : `exposes ${upstreamName}, which it does not offer`;
      const text = offered === 'no' ? `${other} ${why}` : `${other} comes after it`;
      return { mark: 'not', depth: 1, text, path: at };
    });
  if (!passes) return [line(false, `there is no ${kind} ${name} here`, path), ...others];
  const found = tried.find((each) => each.upstream === upstream && each.upstreamName !== undefined)!;
  const assumed =
    found.offered === 'assumed'
      ? [under(`that ${upstream} offers it is assumed: nothing here tells what it offers`)]
      : [];
  return [line(true, `${name} is ${found.upstreamName} of ${upstream}`, path), ...assumed, ...others];
};

const boundsLine = ({
  name,
  path,
  callTimeoutMs,
  callMaxMs,
  resultBytes,
}: Extract<LimitStep, { type: 'bounds' }>): Line => {
  const bounds = [
    callTimeoutMs === undefined ? '' : `at most ${durationText(callTimeoutMs)}`,
    callMaxMs === undefined ? '' : `at most ${durationText(callMaxMs)} with progress`,
    resultBytes === undefined ? '' : `a result of at most ${sizeText(resultBytes)}`,
  ].filter((part) => part !== '');
  return line(true, `limit ${name} bounds it: ${bounds.join(', ')}`, path);
};

const limitLine = (step: LimitStep): Line => {
  const { path, applies } = step;
  const name = step.tenant === undefined ? step.name : `${step.name} of tenant ${step.tenant}`;
  if (!applies) return { mark: 'not', depth: 0, text: `limit ${name} does not apply`, path };
  if (step.type === 'bounds') return boundsLine(step);
  const keys = step.keys.map(({ expression, key }) => `${expression} ${keyText(key)}`).join(', ');
  if (step.type === 'concurrency') {
    const queue =
      step.queue === 0 ? '' : `, ${step.queue} more wait for at most ${durationText(step.queueTimeoutMs)}`;
    return line(
      true,
      `limit ${name} gives it a place while it runs: ${step.max} at a time${queue}, for ${keys || 'all callers'}`,
      path,
    );
  }
  const most =
    step.type === 'rate'
      ? `${step.count} in ${durationText(step.periodMs)}, ${step.burst} at once`
      : `${step.count} in each ${durationText(step.windowMs)}`;
  const cost = step.cost === 1 ? '' : ` as ${step.cost}`;
  return line(
    true,
    `limit ${name} counts it${cost}, which is not done here: ${most}, for ${keys || 'all callers'}`,
    path,
  );
};

const itemLines = (item: ListedItem, context: LineContext): readonly Line[] => {
  const { name, upstream, offered, decision, explanation } = item;
  const assumed = offered === 'assumed' ? ', if it offers it' : '';
  const said = decision.kind === 'undecided' ? `; ${decision.policy} decides when it is called` : '';
  const head: Line =
    decision.kind === 'deny'
      ? {
          mark: 'not',
          depth: 1,
          text: `${name} is hidden: ${decision.policy} denies it`,
          path: ['policies', decision.policy],
        }
      : { mark: 'ok', depth: 1, text: `${name} of ${upstream}${assumed}${said}` };
  if (decision.kind !== 'deny' || explanation === undefined) return [head];
  const decider = explanation.policies.filter((policy) => policy.name === decision.policy);
  return [head, ...decider.flatMap((policy) => policyLines(policy, context, 2).slice(1))];
};

const listLines = ({ list, path, items, unknown }: ListStep, context: LineContext): readonly Line[] => [
  line(
    true,
    `the list of ${list} has ${items.filter(({ decision }) => decision.kind !== 'deny').length} of ${items.length}`,
    path,
  ),
  ...items.flatMap((item) => itemLines(item, context)),
  ...unknown.map((upstream) =>
    under(`what else ${upstream} offers is not known here: gateway.lock would tell`),
  ),
];

const upstreamLine = ({ name, type, path, upstreamName, timeoutMs, bounds }: UpstreamStep): Line => {
  const size = bounds.maxBytes === undefined ? '' : `, a result of at most ${sizeText(bounds.maxBytes)}`;
  return line(
    true,
    `goes to ${name} (${type}) as ${upstreamName}, for at most ${durationText(timeoutMs)}${size}`,
    path,
  );
};

/** The lines of one step. */
export const stepLines = (step: TraceStep, context: LineContext): readonly Line[] => {
  switch (step.step) {
    case 'address':
      return [addressLine(step)];
    case 'host':
    case 'origin':
      return [headerLine(step)];
    case 'route':
      return [line(true, `${step.url} is the server ${step.server}`, step.path)];
    case 'identity':
      return identityLines(step);
    case 'scopes':
      return [
        line(
          step.passes,
          step.missing === undefined
            ? `has the scopes ${step.needed.join(', ')}`
            : `lacks the scope ${step.missing}`,
          step.path,
        ),
      ];
    case 'feature':
      return [line(step.passes, `${step.feature} are ${step.passes ? 'on' : 'off'} here`, step.path)];
    case 'expose':
      return exposeLines(step);
    case 'limit':
      return [limitLine(step)];
    case 'policies':
      return [
        ...step.explanation.policies.flatMap((policy) => policyLines(policy, context, 0)),
        ...step.explanation.notAsked.map(
          (name): Line => ({
            mark: 'not',
            depth: 0,
            text: `policy ${name} is not asked any more`,
            path: ['policies', name],
          }),
        ),
      ];
    case 'list':
      return listLines(step, context);
    case 'upstream':
      return [upstreamLine(step)];
  }
};
