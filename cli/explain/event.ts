/** From the line that the access log has of a request to what is wanted, and what the line does not hold. */
import type { TracedTarget } from '../../policies/trace/request.ts';
import type { Wanted } from '../../policies/trace/resolve.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import { ANONYMOUS, type Principal } from '../../schema/principal.ts';

/** What is read of a line. */
export interface RecordedEvent {
  readonly time: string;
  readonly listener: string;
  readonly server: string;
  readonly principal: string;
  readonly roles: readonly string[];
  readonly tenant: string;
  readonly clientAddress: string;
  readonly era: string;
  readonly method: string;
  readonly target: string;
  readonly policy: string;
  readonly outcome: string;
  readonly status: number;
}

const TEXTS = [
  'time',
  'listener',
  'server',
  'principal',
  'clientAddress',
  'era',
  'method',
  'target',
  'outcome',
] as const;

/** The last line of a text that is one of the access log. @throws Error in words for whoever gave it. */
export const eventOf = (text: string, source: string): RecordedEvent => {
  const lines = text.split('\n').filter((line) => line.includes('"msg":"access"'));
  const last = lines.at(-1);
  if (last === undefined)
    throw new Error(`${source} holds no line of the access log: \`{"msg":"access",…}\``);
  let line: Readonly<Record<string, unknown>>;
  try {
    line = JSON.parse(last);
  } catch {
    throw new Error(`the last line of the access log in ${source} is not whole`);
  }
  const missing = TEXTS.find((key) => typeof line[key] !== 'string');
  if (missing !== undefined) throw new Error(`the line of the access log has no \`${missing}\``);
  const { roles = [], tenant = '', policy = '', status = 0 } = line;
  return { ...line, roles, tenant, policy, status } as unknown as RecordedEvent;
};

/** Whether the request ended before anybody was identified. */
export const endedUnidentified = ({ outcome, principal }: RecordedEvent): boolean =>
  principal === ANONYMOUS.key && ['unauthenticated', 'insufficient_scope', 'forbidden'].includes(outcome);

const LISTS: Readonly<Record<string, 'tools' | 'prompts' | 'resources' | 'resourceTemplates'>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
};

const targetOf = (event: RecordedEvent): TracedTarget => {
  const { method, target, outcome } = event;
  // Nobody's body is read before it is known whose it is: what was asked for comes after.
  if (endedUnidentified(event)) return { kind: 'list', list: 'tools', names: [] };
  if (method === '')
    throw new Error(`the request ended as \`${outcome}\` before it was known what it asked for`);
  const list = Object.hasOwn(LISTS, method) ? LISTS[method] : undefined;
  if (list !== undefined) return { kind: 'list', list, names: [] };
  switch (method) {
    case 'tools/call':
      return { kind: 'tool', name: target };
    case 'prompts/get':
      return { kind: 'prompt', name: target };
    case 'resources/read':
      return { kind: 'resource', uri: target };
    default:
      throw new Error(`a request \`${method}\` is decided by nothing that can be explained`);
  }
};

const principalOf = ({ principal: key, roles, tenant }: RecordedEvent, graph: Graph): Principal => {
  if (key === ANONYMOUS.key) return ANONYMOUS;
  const end = key.indexOf(':');
  const identity = key.slice(0, end);
  const kind = graph.identities[identity]?.type === 'api-key' ? 'api-key' : 'user';
  return { id: key.slice(end + 1), key, kind, identity, roles, tenant, assurance: 1, claims: {}, scopes: [] };
};

/** The request of a line, as far as the line holds it. */
export const wantedOfEvent = (event: RecordedEvent, graph: Graph): Wanted => ({
  server: event.server,
  listener: event.listener,
  caller: endedUnidentified(event)
    ? { kind: 'nobody' }
    : { kind: 'principal', principal: principalOf(event, graph) },
  target: targetOf(event),
  from: event.clientAddress === '' ? undefined : event.clientAddress,
  headers: {},
  nowMs: Date.parse(event.time),
  era: event.era === 'legacy' ? 'legacy' : 'modern',
});

const NOT_RECORDED: readonly (readonly [variable: string, words: string])[] = [
  ['args', 'the arguments'],
  ['principal.claims', 'the claims of the caller'],
  ['principal.scopes', 'the scopes of the caller'],
  ['request.headers', 'the headers of the request'],
  ['client.userAgent', 'the user agent'],
  ['client.name', 'the name of the client'],
  ['client.version', 'the version of the client'],
];

/** What policies go by and no line holds. `variables` are all that they read. */
export const notRecorded = (variables: ReadonlySet<string>): readonly string[] =>
  NOT_RECORDED.filter(([variable]) => variables.has(variable)).map(([, words]) => words);
