import type { TelemetryNode } from '../../schema/graph/graph.ts';
import type { Principal } from '../../schema/principal.ts';
import type { Exchange } from '../listen/exchange.ts';
import type { LineDestination } from './destination.ts';
import { jsonString, plainText } from './safe-text.ts';

/** Callers choose targets; a longer one is cut. */
const MAX_TARGET_LENGTH = 256;

const cut = (target: string): string =>
  target.length > MAX_TARGET_LENGTH ? `${target.slice(0, MAX_TARGET_LENGTH)}…` : target;

/** Issuers choose roles; what is more is left out. */
const MAX_ROLES = 32;

/** Principals live as long as their tokens are remembered: what is told of each is made once. */
const principalTexts = new WeakMap<Principal, string>();

/** What policies may have gone by, without credential and claims. */
const principalText = (principal: Principal): string => {
  const known = principalTexts.get(principal);
  if (known !== undefined) return known;
  const roles = principal.roles.slice(0, MAX_ROLES).map((role) => jsonString(cut(role)));
  const text = `"principal":${jsonString(principal.key)},"roles":[${roles.join(',')}],"tenant":${jsonString(cut(principal.tenant))}`;
  principalTexts.set(principal, text);
  return text;
};

interface Told
  extends Pick<
    Exchange['record'],
    'server' | 'era' | 'method' | 'target' | 'upstream' | 'policy' | 'outcome'
  > {
  readonly listener: string;
  readonly clientAddress: string;
  readonly status: number;
  text: string;
  /** Whether the text is no longer made of the parts that it was put together of. */
  isWhole: boolean;
}

const again = (told: Told): string => {
  if (!told.isWhole) {
    told.text = Buffer.from(told.text).toString();
    told.isWhole = true;
  }
  return told.text;
};

const isSame = (told: Told, { listener, clientAddress, record }: Exchange, status: number): boolean =>
  told.target === record.target &&
  told.status === status &&
  told.outcome === record.outcome &&
  told.method === record.method &&
  told.server === record.server &&
  told.upstream === record.upstream &&
  told.policy === record.policy &&
  told.era === record.era &&
  told.listener === listener &&
  told.clientAddress === clientAddress;

/** One line for each request: who, what, where to, how it ended. Built by hand, because it is built for each. */
export class AccessLog {
  readonly #destination: LineDestination;
  #format: TelemetryNode['log']['format'];
  #timeMs = 0;
  #time = '';
  /** What was told last between the id and the time taken: callers that call again are told of in the same words. */
  readonly #told = new WeakMap<Principal, Told>();

  constructor(format: TelemetryNode['log']['format'], destination: LineDestination) {
    this.#format = format;
    this.#destination = destination;
  }

  /** Takes over the format. */
  configure(format: TelemetryNode['log']['format']): void {
    this.#format = format;
  }

  /** `status` is 0 for a client that was gone before its reply began. */
  write(exchange: Exchange, status: number, durationMs: number): void {
    const line = this.#format === 'json' ? this.#json : this.#pretty;
    this.#destination.write(line.call(this, exchange, status, durationMs));
  }

  #json(exchange: Exchange, status: number, durationMs: number): string {
    return `{"level":"info","time":"${this.#now()}","msg":"access","correlationId":"${exchange.correlationId}",${this.#middle(exchange, status)},"durationMs":${durationMs.toFixed(2)}}\n`;
  }

  #middle(exchange: Exchange, status: number): string {
    const { principal } = exchange;
    const told = this.#told.get(principal);
    if (told !== undefined && isSame(told, exchange, status)) return again(told);
    const { listener, clientAddress } = exchange;
    const { server, era, method, target, upstream, policy, outcome } = exchange.record;
    const text = `"listener":${jsonString(listener)},"server":${jsonString(server)},${principalText(principal)},"clientAddress":"${clientAddress}","era":"${era}","method":${jsonString(cut(method))},"target":${jsonString(cut(target))},"upstream":${jsonString(upstream)},"policy":${jsonString(policy)},"outcome":"${outcome}","status":${status}`;
    if (target.length <= MAX_TARGET_LENGTH && method.length <= MAX_TARGET_LENGTH)
      this.#told.set(principal, {
        ...{ listener, clientAddress, server, era, method, target, upstream, policy, outcome, status, text },
        isWhole: false,
      });
    return text;
  }

  #pretty(exchange: Exchange, status: number, durationMs: number): string {
    const { record, principal } = exchange;
    const what = record.method === '' ? exchange.path : record.method;
    const target = record.target === '' ? '' : ` ${plainText(cut(record.target))}`;
    return `${this.#now().slice(11, 23)} ${status} ${plainText(cut(what))}${target} ${record.outcome} ${durationMs.toFixed(1)}ms server=${plainText(record.server)} principal=${plainText(principal.key)} client=${exchange.clientAddress} correlationId=${exchange.correlationId}\n`;
  }

  #now(): string {
    const nowMs = Date.now();
    if (nowMs !== this.#timeMs) {
      this.#timeMs = nowMs;
      this.#time = new Date(nowMs).toISOString();
    }
    return this.#time;
  }
}
