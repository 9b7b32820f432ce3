/** What is asked for at `POST /-/revoke`. */
import type { IdentityNode } from '../../schema/graph/identity.ts';
import { durationMs } from '../../schema/unit.ts';
import { API_KEY_ID } from '../identity/api-key.ts';
import { parseStrictObject } from '../identity/strict-json.ts';
import { FOREVER_MS } from '../state/stored-table.ts';
import { MAX_ID_LENGTH, MAX_REASON_LENGTH, type RevokedKind, type RevokedName } from './revocation.ts';

export interface RevocationOrder {
  readonly name: RevokedName;
  readonly does: 'revoke' | 'lift';
  /** `FOREVER_MS` if it has no end. */
  readonly untilMs: number;
  readonly reason: string | undefined;
}

/** Why an order is not carried out, for whoever gave it. */
export class BadOrder extends Error {}

type Body = Readonly<Record<string, unknown>>;
type Identities = Readonly<Record<string, IdentityNode>>;

const KINDS = ['key', 'token', 'subject'] as const satisfies readonly RevokedKind[];
const MEMBERS: ReadonlySet<string> = new Set([...KINDS, 'identity', 'for', 'until', 'reason', 'lift']);
const VOUCHED_BY = { key: 'api-key', token: 'jwt', subject: 'jwt' } as const;
const MAX_SPAN_MS = 10 * 366 * 86_400_000;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const CONTROL = /\p{C}/u;

const textIn = (body: Body, member: string, maxLength: number): string | undefined => {
  const text = body[member];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || text === '' || text.length > maxLength || CONTROL.test(text))
    throw new BadOrder(`\`${member}\` is a text of 1 to ${maxLength} characters without control characters`);
  return text;
};

const kindIn = (body: Body): RevokedKind => {
  const [kind, another] = KINDS.filter((each) => body[each] !== undefined);
  if (kind === undefined || another !== undefined)
    throw new BadOrder('name one of `key` (an id), `token` (a jti), `subject` (who tokens are of)');
  return kind;
};

const identityFor = (body: Body, kind: RevokedKind, identities: Identities): string => {
  const type = VOUCHED_BY[kind];
  const fit = Object.values(identities).flatMap((node) => (node.type === type ? [node.name] : []));
  const asked = textIn(body, 'identity', 64);
  const listed = fit.map((name) => `\`${name}\``).join(', ') || 'none';
  if (asked === undefined && fit.length === 1) return fit[0]!;
  if (asked !== undefined && fit.includes(asked)) return asked;
  throw new BadOrder(`\`identity\` names one of type ${type}: there is ${listed}`);
};

const untilIn = (body: Body, nowMs: number): number => {
  const span = textIn(body, 'for', 32);
  const until = textIn(body, 'until', 40);
  if (span !== undefined && until !== undefined) throw new BadOrder('say `for` or `until`, not both');
  if (span === undefined && until === undefined) return FOREVER_MS;
  const spanMs = span === undefined ? undefined : durationMs(span);
  const atMs =
    spanMs === undefined ? (INSTANT.test(until ?? '') ? Date.parse(until!) : Number.NaN) : nowMs + spanMs;
  if (atMs > nowMs && atMs <= nowMs + MAX_SPAN_MS) return Math.ceil(atMs);
  throw new BadOrder(
    '`for` is a time such as 24h, `until` a moment to come such as 2027-01-31T12:00:00Z, ten years ahead at most',
  );
};

/** The order that a body gives. Throws {@link BadOrder} if it gives none that can be carried out. */
export const readOrder = (text: string, identities: Identities, nowMs: number): RevocationOrder => {
  const body = parseStrictObject(Buffer.from(text));
  if (body === undefined) throw new BadOrder('the body is one JSON object');
  const strange = Object.keys(body).find((member) => !MEMBERS.has(member));
  if (strange !== undefined) throw new BadOrder(`unknown member ${JSON.stringify(strange).slice(0, 80)}`);
  const { lift = false } = body;
  if (typeof lift !== 'boolean') throw new BadOrder('`lift` is true or false');
  if (lift && (body.for !== undefined || body.until !== undefined))
    throw new BadOrder('what is lifted has no `for` or `until`');
  const kind = kindIn(body);
  const id = textIn(body, kind, MAX_ID_LENGTH)!;
  if (kind === 'key' && !API_KEY_ID.test(id))
    throw new BadOrder('`key` is the id of a key, not the key: letters and digits, at most 64');
  return {
    name: { kind, identity: identityFor(body, kind, identities), id },
    does: lift ? 'lift' : 'revoke',
    untilMs: untilIn(body, nowMs),
    reason: textIn(body, 'reason', MAX_REASON_LENGTH),
  };
};
