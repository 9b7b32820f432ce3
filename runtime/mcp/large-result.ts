/** A result that is too large to be held, passed on in pieces as it comes from the upstream. */
import type { Era } from '../../schema/graph/upstream.ts';
import type { GatewayError } from '../errors.ts';
import type { ResponseWriter } from '../listen/response-writer.ts';
import type { ResponseEdits } from '../upstream/large/response-rewriter.ts';
import type { LargeReply } from '../upstream/link.ts';
import type { LargeEdits } from './bridge/adaptation.ts';
import type { Call } from './call.ts';

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

const OPEN_BRACE = 123;

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
    watches: readonly LargeWatch[],
  ) {
    this.#call = call;
    this.#writer = writer;
    this.#watches = watches;
    this.edits = {
      idText: call.idText,
      added: edits.added,
      addedLast: () => {
        const unsaid = edits.unsaid.filter(([key]) => !this.#said.has(key));
        return unsaid.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',');
      },
      member: (key, first) => {
        if (edits.unsaid.some(([unsaid]) => unsaid === key)) this.#said.add(key);
        if (linkEra === 'modern' && INPUT.has(key)) return 'whole';
        if (key === '_meta' && edits.meta !== undefined && first === OPEN_BRACE) return 'edit';
        const dropped = edits.drops(key, String.fromCharCode(first));
        if (key === 'isError' || (key === 'resultType' && linkEra === 'modern'))
          return dropped ? 'take' : 'read';
        return dropped ? 'drop' : 'pass';
      },
      edit: (_key, text) => edits.meta?.(text),
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

  write(bytes: Buffer): boolean {
    if (!this.#begun) for (const watch of this.#watches) watch.begun();
    this.#begun = true;
    return this.#writer.write(bytes);
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
  watches: readonly LargeWatch[],
): LargeReply | undefined => {
  if (edits === undefined) return undefined;
  const writer = call.reply.large?.();
  return writer === undefined ? undefined : new LargeResult(call, linkEra, writer, edits, watches);
};
