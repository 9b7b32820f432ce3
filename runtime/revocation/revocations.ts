/** Who is revoked, as one thread knows it: asked at each request, from memory. */
import type { Principal } from '../../schema/principal.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { type Reach, ReplicatedTable } from '../state/replicated-table.ts';
import type { StateStore } from '../state/state-store.ts';
import { FOREVER_MS, type Statement } from '../state/stored-table.ts';
import {
  nameOf,
  namesFor,
  type Revocation,
  type RevokedName,
  type RevokedValue,
  readRevocation,
} from './revocation.ts';

export interface RevocationOptions {
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Callers have been revoked: whatever they have open is to end. Must not throw. */
  readonly onRevoked: () => void;
}

/** What judges callers at each request. */
export interface RevocationJudge {
  /** Whether anybody could be refused at all; asked first, for it costs nothing. */
  readonly mayRefuse: boolean;
  /** `unknown`: the store is away, and `deny` is its rule. */
  verdict(principal: Principal, nowMs: number): 'admitted' | 'revoked' | 'unknown';
}

/** For those who cannot be revoked. */
export const NOBODY_REVOKED: RevocationJudge = { mayRefuse: false, verdict: () => 'admitted' };

/** A lifted revocation is remembered for so long, for replicas that were away. */
const LIFTED_MS = 7 * 86_400_000;

const FIRST_TIDY = 1000;

const RETRY_AFTER_MS = 1000;

/** For those of whom nobody knows whether they were revoked. Made once: refusing a flood must be cheap. */
export const REVOCATIONS_UNKNOWN = new GatewayError(
  'state_unavailable',
  'who has been revoked cannot be known now',
  {
    status: 503,
    rpcCode: RPC.limited,
    retryAfterMs: RETRY_AFTER_MS,
    data: { retryAfterMs: RETRY_AFTER_MS },
  },
);

export class Revocations implements RevocationJudge {
  readonly #table: ReplicatedTable;
  readonly #options: RevocationOptions;
  /** When each name that is revoked is free again. */
  readonly #untilMs = new Map<string, number>();
  /** With more names than this, those that have ended are looked for. */
  #tidyAt = FIRST_TIDY;
  #isUnknown = false;
  #deniesUnknown = false;
  mayRefuse = false;

  constructor(options: RevocationOptions) {
    this.#options = options;
    this.#table = new ReplicatedTable({
      name: 'revoked',
      accepts: (statement) => readRevocation(statement) !== undefined,
      onChange: (changed) => this.#changed(changed),
      onCurrent: (isCurrent) => this.#current(isCurrent),
      onLeftOut: (why, count) => options.log.error('revocations in the store are left out', { why, count }),
    });
  }

  /** Holds what the store says from now on, too; resolves once that is known, or the store is away. */
  async follow(store: StateStore): Promise<void> {
    this.#deniesUnknown = store.onUnavailable === 'deny';
    await this.#table.follow(store);
  }

  /** Whether nothing is missing that was revoked elsewhere more than a second ago. */
  get isCurrent(): boolean {
    return this.#table.isCurrent;
  }

  /** How long ago the store was read; undefined where there is none. */
  get ageMs(): number | undefined {
    return this.#table.ageMs;
  }

  verdict(principal: Principal, nowMs: number): 'admitted' | 'revoked' | 'unknown' {
    if (principal.kind === 'anonymous') return 'admitted';
    if (this.#isRevoked(principal, nowMs)) return 'revoked';
    return this.#isUnknown ? 'unknown' : 'admitted';
  }

  /** Whether what a caller has open is to end. */
  isRevoked(principal: Principal): boolean {
    return principal.kind !== 'anonymous' && this.#isRevoked(principal, Date.now());
  }

  /** From now on it is revoked, until a moment or for good. Undefined if there is no room for another. */
  revoke(name: RevokedName, reason: string | undefined, untilMs = FOREVER_MS): Statement | undefined {
    return this.#say(name, { is: 'revoked', ...(reason === undefined ? {} : { reason }) }, untilMs);
  }

  /** It is revoked no more; undefined if it was not. */
  lift(name: RevokedName, reason: string | undefined): Statement | undefined {
    const known = this.#untilMs.get(nameOf(name));
    if (known === undefined || known <= Date.now()) return undefined;
    const untilMs = Math.min(known, Date.now() + LIFTED_MS);
    return this.#say(name, { is: 'lifted', ...(reason === undefined ? {} : { reason }) }, untilMs);
  }

  #say(name: RevokedName, value: RevokedValue, untilMs: number): Statement | undefined {
    return this.#table.say(nameOf(name), JSON.stringify(value), untilMs, Date.now());
  }

  /** Takes in what another thread was told. */
  take(statements: readonly Statement[]): void {
    this.#table.take(statements, Date.now());
  }

  /** All statements that count, lifted revocations among them. */
  get statements(): readonly Statement[] {
    return this.#table.all(Date.now());
  }

  /** How far what was said here reaches now. */
  reach(): Promise<Reach> {
    return this.#table.reach();
  }

  /** What is revoked now, the latest first. */
  list(): readonly Revocation[] {
    return this.statements
      .flatMap((statement) => readRevocation(statement) ?? [])
      .filter(({ is }) => is === 'revoked')
      .sort((one, other) => other.atMs - one.atMs);
  }

  close(): void {
    this.#table.close();
  }

  #isRevoked(principal: Principal, nowMs: number): boolean {
    if (this.#untilMs.size === 0) return false;
    for (const name of namesFor(principal)) {
      const untilMs = this.#untilMs.get(name);
      if (untilMs === undefined) continue;
      if (nowMs < untilMs) return true;
      this.#untilMs.delete(name);
    }
    return false;
  }

  #changed(changed: readonly Statement[]): void {
    let isAdded = false;
    for (const statement of changed) {
      const { is, untilMs } = readRevocation(statement)!;
      if (is === 'lifted') this.#untilMs.delete(statement.name);
      else {
        this.#untilMs.set(statement.name, untilMs);
        isAdded = true;
      }
    }
    if (this.#untilMs.size > this.#tidyAt) this.#forgetEnded();
    this.#weigh();
    if (isAdded) this.#options.onRevoked();
  }

  #forgetEnded(): void {
    const nowMs = Date.now();
    for (const [name, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(name);
    this.#tidyAt = Math.max(FIRST_TIDY, 2 * this.#untilMs.size);
  }

  #current(isCurrent: boolean): void {
    this.#isUnknown = !isCurrent && this.#deniesUnknown;
    this.#weigh();
    if (isCurrent) this.#options.log.info('what is revoked elsewhere is known again');
    else
      this.#options.log.error('what is revoked elsewhere is not known', {
        callers: this.#deniesUnknown ? 'refused' : 'admitted unless revoked here',
      });
  }

  #weigh(): void {
    this.mayRefuse = this.#isUnknown || this.#untilMs.size > 0;
  }
}
