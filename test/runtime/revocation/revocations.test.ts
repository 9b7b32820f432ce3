import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nameOf, namesFor } from '../../../runtime/revocation/revocation.ts';
import { Revocations } from '../../../runtime/revocation/revocations.ts';
import type { StateStore } from '../../../runtime/state/state-store.ts';
import { FOREVER_MS, type Statement } from '../../../runtime/state/stored-table.ts';
import { ANONYMOUS, type Principal } from '../../../schema/principal.ts';
import { MemoryTable, storeOf } from '../../support/memory-table.ts';

/** The table is looked at four times a second; the machine may have other work. */
const PATIENT = { timeout: 20_000 };

const user = (id: string, jti?: unknown): Principal => ({
  ...ANONYMOUS,
  kind: 'user',
  identity: 'workforce',
  id,
  key: `workforce:${id}`,
  claims: { jti },
});
const robot = (id: string): Principal => ({
  ...ANONYMOUS,
  kind: 'api-key',
  identity: 'robots',
  id,
  key: `robots:${id}`,
});
const ANN = { kind: 'subject', identity: 'workforce', id: 'ann' } as const;
const CI = { kind: 'key', identity: 'robots', id: 'ci' } as const;
const TOKEN = { kind: 'token', identity: 'workforce', id: 'lost' } as const;

let told: string[];
let expelled: number;
let open: Revocations[];
const make = (): Revocations => {
  const tell = (message: string) => void told.push(message);
  const made = new Revocations({
    log: { info: tell, warn: tell, error: tell },
    onRevoked: () => {
      expelled += 1;
    },
  });
  open.push(made);
  return made;
};
const follow = async (store: StateStore): Promise<Revocations> => {
  const made = make();
  await made.follow(store);
  return made;
};

beforeEach(() => {
  told = [];
  expelled = 0;
  open = [];
});
afterEach(() => {
  vi.useRealTimers();
  for (const each of open) each.close();
});

const judged = (revocations: Revocations, principal: Principal): string =>
  revocations.verdict(principal, Date.now());

describe('revocations', () => {
  it('refuse whom they name, by each of its names, and nobody else', () => {
    const revocations = make();
    expect(revocations.mayRefuse).toBe(false);
    for (const name of [CI, TOKEN]) revocations.revoke(name, undefined);
    expect(revocations.mayRefuse).toBe(true);
    expect(expelled).toBe(2);
    expect(judged(revocations, robot('ci'))).toBe('revoked');
    expect(judged(revocations, user('ann', 'lost'))).toBe('revoked');
    for (const other of [
      robot('cd'),
      user('ci'),
      user('ann', 'kept'),
      user('lost'),
      user('ann', 7),
      ANONYMOUS,
    ])
      expect(judged(revocations, other)).toBe('admitted');
    revocations.revoke(ANN, undefined);
    expect(judged(revocations, user('ann', 'kept'))).toBe('revoked');
  });

  it('are not confused by ids that look like names', () => {
    const tricky = user('x', 'workforce:ann');
    const names = namesFor(tricky);
    expect(names).not.toContain(nameOf(ANN));
    const revocations = make();
    revocations.revoke({ kind: 'token', identity: 'workforce', id: 'a:b:c' }, undefined);
    expect(judged(revocations, user('ann', 'a:b:c'))).toBe('revoked');
    expect(judged(revocations, user('ann', 'b:c'))).toBe('admitted');
    expect(revocations.list()[0]).toMatchObject({ kind: 'token', identity: 'workforce', id: 'a:b:c' });
  });

  it('are bounded: more are refused, those that there are hold, and one that has ended makes room', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const revocations = make();
    revocations.revoke(CI, undefined);
    const soon = Date.now() + 900;
    revocations.revoke(TOKEN, undefined, soon);
    for (let at = 0; at < 9_998; at += 1) revocations.revoke({ ...ANN, id: `ann-${at}` }, undefined);
    expect(revocations.revoke(ANN, undefined)).toBeUndefined();
    expect(revocations.revoke(CI, 'again')).toBeDefined();
    expect(judged(revocations, robot('ci'))).toBe('revoked');
    vi.setSystemTime(soon + 1);
    expect(revocations.revoke(ANN, undefined)).toBeDefined();
  });

  it('are lifted by whoever knows them, also on a clock that is behind', () => {
    const revocations = make();
    const ahead: Statement = {
      name: nameOf(CI),
      atMs: Date.now() + 60_000,
      untilMs: FOREVER_MS,
      value: '{"is":"revoked"}',
    };
    revocations.take([ahead]);
    expect(judged(revocations, robot('ci'))).toBe('revoked');
    expect(revocations.lift(CI, undefined)!.atMs).toBe(ahead.atMs + 1);
    expect(judged(revocations, robot('ci'))).toBe('admitted');
    revocations.take([ahead]);
    expect(judged(revocations, robot('ci'))).toBe('admitted');
    expect(revocations.revoke(CI, undefined)!.atMs).toBe(ahead.atMs + 2);
    expect(judged(revocations, robot('ci'))).toBe('revoked');
    expect(revocations.lift(ANN, undefined)).toBeUndefined();
  });
});

describe('revocations that replicas share', () => {
  it('hold at all of them, those that come later too, and are lifted at all of them', async () => {
    const store = storeOf(new MemoryTable());
    const [one, other] = [await follow(store), await follow(store)];
    one.revoke(CI, 'leaked');
    expect(await one.reach()).toBe('everywhere');
    await vi.waitFor(() => expect(judged(other, robot('ci'))).toBe('revoked'), PATIENT);
    expect((await follow(store)).list()).toMatchObject([{ ...CI, reason: 'leaked' }]);
    other.lift(CI, undefined);
    await vi.waitFor(() => expect(judged(one, robot('ci'))).toBe('admitted'), PATIENT);
  });

  it('cost no call of the store however many requests are judged', async () => {
    const table = new MemoryTable();
    const revocations = await follow(storeOf(table));
    revocations.revoke(CI, undefined);
    const { asked } = table;
    for (let at = 0; at < 100_000; at += 1) judged(revocations, robot('cd'));
    expect(table.asked).toBe(asked);
  });

  it('that are made while the store is away hold here at once, and everywhere when it is back', async () => {
    const table = new MemoryTable();
    const [one, other] = [await follow(storeOf(table)), await follow(storeOf(table))];
    table.isAway = true;
    one.revoke(CI, undefined);
    expect(await one.reach()).toBe('here');
    expect(judged(one, robot('ci'))).toBe('revoked');
    expect(judged(other, robot('ci'))).not.toBe('revoked');
    table.isAway = false;
    await vi.waitFor(() => expect(judged(other, robot('ci'))).toBe('revoked'), PATIENT);
  });

  it('are not forgotten by a store that begins anew, nor by one that is set back', async () => {
    const table = new MemoryTable();
    const one = await follow(storeOf(table));
    one.revoke(CI, undefined);
    await one.reach();
    const before = [...table.statements.values()];
    one.revoke(ANN, undefined);
    await one.reach();
    for (const left of [[], before]) {
      table.reset(left);
      await vi.waitFor(() => expect(table.statements.size).toBe(2), PATIENT);
      expect(judged(one, user('ann'))).toBe('revoked');
    }
    expect((await follow(storeOf(table))).list()).toHaveLength(2);
  });

  it('with `deny`, admit nobody while what others revoke cannot be known, and go on by themselves', async () => {
    const table = new MemoryTable();
    const revocations = await follow(storeOf(table, 'deny'));
    expect(judged(revocations, robot('ci'))).toBe('admitted');
    table.isAway = true;
    await vi.waitFor(() => expect(judged(revocations, robot('ci'))).toBe('unknown'), PATIENT);
    expect(revocations.mayRefuse).toBe(true);
    expect(judged(revocations, ANONYMOUS)).toBe('admitted');
    table.isAway = false;
    await vi.waitFor(() => expect(judged(revocations, robot('ci'))).toBe('admitted'), PATIENT);
    expect(revocations.mayRefuse).toBe(false);
    expect(told).toEqual([
      'what is revoked elsewhere is not known',
      'what is revoked elsewhere is known again',
    ]);
  });

  it('with `deny`, admit nobody from the start where the store has never answered', async () => {
    const table = new MemoryTable();
    table.isAway = true;
    expect(judged(await follow(storeOf(table, 'deny')), robot('ci'))).toBe('unknown');
  });

  it('with `local`, go by what is known', async () => {
    const table = new MemoryTable();
    const revocations = await follow(storeOf(table, 'local'));
    revocations.revoke(CI, undefined);
    table.isAway = true;
    await vi.waitFor(() => expect(revocations.isCurrent).toBe(false), PATIENT);
    expect(judged(revocations, robot('ci'))).toBe('revoked');
    expect(judged(revocations, robot('cd'))).toBe('admitted');
  });

  it('leave out what is none of theirs, tell so once, and hold the others', async () => {
    const table = new MemoryTable();
    const forge = (name: string, value: string) => ({ name, value, atMs: 1, untilMs: FOREVER_MS });
    table.reset([
      forge('key:robots:ci', '{"is":"revoked"}'),
      forge('key:robots:cd', '{"is":"deleted"}'),
      forge('key:robots:', '{"is":"revoked"}'),
      forge('key', '{"is":"revoked"}'),
      forge('everybody:robots:x', '{"is":"revoked"}'),
      forge('key:robots:ce', 'null'),
      forge('key:robots:cf', '{"is":"revoked"'),
      forge(`subject:workforce:${'x'.repeat(513)}`, '{"is":"revoked"}'),
      forge('subject:workforce:ben', JSON.stringify({ is: 'revoked', reason: 'x'.repeat(257) })),
    ]);
    const revocations = await follow(storeOf(table));
    expect(revocations.list()).toMatchObject([CI]);
    table.reset([forge('key:robots:cg', '{')]);
    await vi.waitFor(() => expect(table.statements.size).toBe(2), PATIENT);
    expect(told).toEqual(['revocations in the store are left out']);
    expect(judged(revocations, robot('ci'))).toBe('revoked');
  });

  it('keep no more than twice what may be said, whatever the store holds', async () => {
    const table = new MemoryTable();
    table.reset(
      Array.from({ length: 30_000 }, (_, at) => ({
        name: `subject:workforce:${at}`,
        value: '{"is":"revoked"}',
        atMs: 1,
        untilMs: FOREVER_MS,
      })),
    );
    const revocations = await follow(storeOf(table));
    expect(revocations.list()).toHaveLength(20_000);
    expect(told).toEqual(['revocations in the store are left out']);
  });
});
