/** A result that is too large to be held, passed on in pieces as it comes from the upstream. */
import type { Era } from '../../schema/graph/upstream.ts';
import type { GatewayError } from '../errors.ts';
import type { ResponseWriter } from '../listen/response-writer.ts';
import type { InnerEdits, MemberUse, ResponseEdits } from '../upstream/large/response-rewriter.ts';
import type { LargeReply } from '../upstream/link.ts';
import type { LargeEdits } from './bridge/adaptation.ts';
import type { Call } from './call.ts';
import { LABEL } from './provenance.ts';
import type { LargeChange } from './result-rewrite.ts';
import { rewriteObject } from './splice.ts';

/** Told how such a result gets on. */
export interface LargeWatch {
  /** Some of it is with the client. */
  begun(): void;
  /** It ended, whichever way; before the reply does. */
  over(outcome: LargeOutcome): void;
}

export type LargeOutcome = 'ok' | 'tool_error' | GatewayError;

/** Members of a result that asks for input, which is read whole (MCP 2026-07-28, InputRequiredResult). */
const INPUT: ReadonlySet<string> = new Set(['inputRequests', 'requestState']);

const QUOTE = 34;
const OPEN_BRACE = 123;

/** `_meta` of a result whose upstream is told, and no other name than that. */
const labelEdits = (label: string, metaDrops: ReadonlySet<string> | undefined): InnerEdits => ({
  drops: (key) => key === LABEL || metaDrops?.has(key) === true,
  last: `${JSON.stringify(LABEL)}:${JSON.stringify(label)}`,
});

const withoutMembers = (text: string, keys: ReadonlySet<string>): string | undefined => {
  const rest = rewriteObject(text, keys, []);
  return rest === '{}' ? undefined : rest;
};

const privateScope = (text: string): string => (JSON.parse(text) === 'public' ? '"private"' : text);

class LargeResult implements LargeReply {
  readonly edits: ResponseEdits;
  readonly #call: Call;
  readonly #writer: ResponseWriter;
  readonly #watches: readonly LargeWatch[];
  readonly #said = new Set<string>();
  #begun = false;
  #isError = false;

  constructor(
    call: Call,
    linkEra: Era,
    writer: ResponseWriter,
    edits: LargeEdits,
    change: LargeChange | undefined,
    watches: readonly LargeWatch[],
  ) {
    this.#call = call;
    this.#writer = writer;
    this.#watches = watches;
    const { metaDrops } = edits;
    const inner = change?.label === undefined ? undefined : labelEdits(change.label, metaDrops);
    const unsaid =
      inner === undefined ? edits.unsaid : [...edits.unsaid, ['_meta', `{${inner.last}}`] as const];
    const metaUse = (first: number): MemberUse => {
      if (inner !== undefined) return first === OPEN_BRACE ? 'enter' : 'drop';
      return metaDrops !== undefined && first === OPEN_BRACE ? 'edit' : 'pass';
    };
    this.edits = {
      idText: call.idText,
      added: edits.added,
      addedLast: () => {
        const added = unsaid.filter(([key]) => !this.#said.has(key));
        return added.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',');
      },
      inner,
      member: (key, first) => {
        const use = key === '_meta' ? metaUse(first) : undefined;
        if (use !== 'drop' && unsaid.some(([added]) => added === key)) this.#said.add(key);
        if (use !== undefined) return use;
        if (linkEra === 'modern' && INPUT.has(key)) return 'whole';
        const dropped = edits.drops(key, String.fromCharCode(first));
        if (key === 'isError' || (key === 'resultType' && linkEra === 'modern'))
          return dropped ? 'take' : 'read';
        if (dropped) return 'drop';
        return key === 'cacheScope' && change?.isPrivate === true && first === QUOTE ? 'edit' : 'pass';
      },
      edit: (key, text) =>
        key === '_meta' && metaDrops !== undefined ? withoutMembers(text, metaDrops) : privateScope(text),
      read: (key, value) => {
        if (key === 'isError') this.#isError = value === true;
        return key === 'resultType' && value !== 'complete' ? 'whole' : 'pass';
      },
    };
  }

  set onDrain(tell: () => void) {
    this.#writer.onDrain = tell;
  }

  set onGone(tell: () => void) {
    this.#writer.onGone = tell;
  }

  write(bytes: Buffer, onWritten?: () => void): boolean {
    if (!this.#begun) for (const watch of this.#watches) watch.begun();
    this.#begun = true;
    return this.#writer.write(bytes, onWritten);
  }

  end(): void {
    const outcome = this.#isError ? 'tool_error' : 'ok';
    this.#call.exchange.record.outcome = outcome;
    for (const watch of this.#watches) watch.over(outcome);
    this.#writer.end();
  }

  fail(error: GatewayError): void {
    for (const watch of this.#watches) watch.over(error);
    if (!this.#begun) {
      this.#call.reply.error(error);
      return;
    }
    const { record } = this.#call.exchange;
    record.outcome = error.code;
    record.cause = error.cause;
    this.#writer.breakOff();
  }
}

/** Takes a call's result in pieces, if its client does. */
export const largeResult = (
  call: Call,
  linkEra: Era,
  edits: LargeEdits | undefined,
  change: LargeChange | undefined,
  watches: readonly LargeWatch[],
): LargeReply | undefined => {
  if (edits === undefined) return undefined;
  const writer = call.reply.large?.();
  return writer === undefined ? undefined : new LargeResult(call, linkEra, writer, edits, change, watches);
};
