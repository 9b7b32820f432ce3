/** Those who wait for a child process. */
import type { Failure } from '../failure.ts';
import type { Message } from '../message.ts';
import type { LargeLine } from './large-line.ts';

/** Somebody who waits for the response to a request. */
export interface Waiting {
  /** Whether it stays open, as a subscription does. */
  readonly staysOpen?: boolean;
  /** Whether it asked for log messages. */
  readonly wantsLogs?: boolean;
  /** Whether the gateway asks on its own behalf, with nothing of a caller. */
  readonly isOwn?: boolean;
  readonly maxBytes: number;
  aside(text: string, message: Message): void;
  respond(text: string, message: Message): void;
  failed(failure: Failure): void;
  /** Takes a response that is too large to be held, and closes it at last. False: it wants it whole. */
  takeLarge?(line: LargeLine): Promise<boolean>;
}
