/** What two sides say to each other, message by message, held against the schema and against what was said before. */
import { MODERN, messageFaults, REVISIONS, type Revision, type Side } from './message-schema.ts';

/** One message as it was heard. */
export interface WireMessage {
  readonly from: Side;
  readonly revision: Revision;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever was said
  readonly message: any;
  /** Where it was heard: `POST /mcp`, `GET /mcp`, `stdio`. */
  readonly where: string;
}

/** All that was heard in a place, and what was wrong with it. */
export class WireRecord {
  readonly messages: WireMessage[] = [];
  readonly violations: string[] = [];
  readonly judged: readonly Side[];

  /** `judged` are the sides whose messages must be right; the others are only recorded. */
  constructor(judged: readonly Side[]) {
    this.judged = judged;
  }

  blame(from: Side, where: string, fault: string, text: string): void {
    if (this.judged.includes(from))
      this.violations.push(`${from} at ${where}: ${fault} — ${text.slice(0, MAX_SHOWN)}`);
  }

  /** Throws if anything was wrong. */
  verify(): void {
    if (this.violations.length === 0) return;
    throw new Error(`${this.violations.length} messages break the protocol:\n${this.violations.join('\n')}`);
  }
}

const MAX_SHOWN = 600;

/** A request that was made, until the end of the conversation. */
interface Asked {
  readonly method: string;
  readonly revision: Revision;
}

type JsonObject = Readonly<Record<string, unknown>>;

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as JsonObject)[key] : undefined;

const isRevision = (value: unknown): value is Revision => REVISIONS.includes(value as Revision);

/** The revision of a stated version: a modern one that is unknown counts as the first. */
export const revisionOf = (version: unknown): Revision | undefined => {
  if (typeof version !== 'string') return undefined;
  if (isRevision(version)) return version;
  return version >= MODERN ? MODERN : undefined;
};

/** The version that a message of 2026-07-28 states of itself. */
export const claimOf = (message: unknown): unknown =>
  member(member(member(message, 'params'), '_meta'), 'io.modelcontextprotocol/protocolVersion');

const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** One conversation: a legacy session, one modern exchange, or all that passes over one pipe. */
export class Conversation {
  readonly #record: WireRecord;
  /** The revision of what states none: what was negotiated, as soon as it is known. */
  version: Revision;
  readonly #asked: Record<Side, Map<string, Asked>> = { client: new Map(), server: new Map() };
  readonly #tokens: Record<Side, Set<string>> = { client: new Set(), server: new Set() };

  constructor(record: WireRecord, version: Revision) {
    this.#record = record;
    this.version = version;
  }

  /** Takes one message, or a batch where the revision knows them. Returns what was said, one by one. */
  say(from: Side, text: string, where: string): unknown[] {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#record.blame(from, where, 'no JSON', text);
      return [];
    }
    const batch = Array.isArray(value) ? value : [value];
    if (Array.isArray(value) && (this.version !== '2025-03-26' || value.length === 0))
      this.#record.blame(from, where, 'no batch may be sent', text);
    for (const message of batch) this.#hear(from, message, where);
    return batch;
  }

  #hear(from: Side, message: unknown, where: string): void {
    const answers = this.#answered(from, message);
    const revision = answers?.revision ?? this.#revisionOf(message);
    if (answers?.method === 'initialize') {
      const negotiated = revisionOf(member(member(message, 'result'), 'protocolVersion'));
      if (negotiated !== undefined) this.version = negotiated;
    }
    const said = answers?.method === 'initialize' ? this.version : revision;
    this.#record.messages.push({ from, revision: said, message, where });
    const faults = messageFaults(said, message, { from, answers: answers?.method });
    faults.push(...this.#contextFaults(from, message, answers));
    if (faults.length > 0)
      this.#record.blame(from, where, `${said}: ${faults.join('; ')}`, JSON.stringify(message));
    this.#remember(from, message, revision);
  }

  /** The request of the other side that a message answers. */
  #answered(from: Side, message: unknown): Asked | undefined {
    if (member(message, 'method') !== undefined) return undefined;
    return this.#asked[other(from)].get(JSON.stringify(member(message, 'id')));
  }

  #revisionOf(message: unknown): Revision {
    if (member(message, 'method') === 'initialize')
      return revisionOf(member(member(message, 'params'), 'protocolVersion')) ?? this.version;
    return revisionOf(claimOf(message)) ?? this.version;
  }

  #contextFaults(from: Side, message: unknown, answers: Asked | undefined): string[] {
    const id = member(message, 'id');
    const method = member(message, 'method');
    if (method === undefined) return id === undefined || answers !== undefined ? [] : ['answers no request'];
    if (method !== 'notifications/progress') return [];
    const token = JSON.stringify(member(member(message, 'params'), 'progressToken'));
    return this.#tokens[other(from)].has(token) ? [] : ['progress with a token that nobody gave'];
  }

  #remember(from: Side, message: unknown, revision: Revision): void {
    const method = member(message, 'method');
    const id = member(message, 'id');
    if (typeof method !== 'string' || id === undefined) return;
    this.#asked[from].set(JSON.stringify(id), { method, revision });
    const token = member(member(member(message, 'params'), '_meta'), 'progressToken');
    if (token !== undefined) this.#tokens[from].add(JSON.stringify(token));
  }
}
