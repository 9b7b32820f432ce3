/** What is told of a request once it is over. Every label is a name of the configuration or of a fixed set. */
export interface ExchangeRecord {
  server: string;
  era: 'modern' | 'legacy' | '';
  /** MCP method, or empty. */
  method: string;
  /** Exposed name of the tool or prompt, or URI; empty. Goes to the access line; a metric label only if known. */
  target: string;
  /** Whether `target` is the name of an exposed thing, rather than whatever the caller wrote. */
  targetKnown: boolean;
  upstream: string;
  /** The policy that denied it; empty if none did. */
  policy: string;
  /** `ok`, `tool_error`, or an error code; empty until known. */
  outcome: string;
  /** The private cause of an error reply, for the log. */
  cause: unknown;
  /** When stages of its way ended, from performance.now(); 0 where it did not come so far. */
  identifiedMs: number;
  /** Admitted, decided, and first sent to an upstream. */
  sentMs: number;
  /** The last time that an upstream answered, or was given up. */
  answeredMs: number;
}

/** What is known of a request as it comes. */
export const newRecord = (): ExchangeRecord => ({
  server: '',
  era: '',
  method: '',
  target: '',
  targetKnown: false,
  upstream: '',
  policy: '',
  outcome: '',
  cause: undefined,
  identifiedMs: 0,
  sentMs: 0,
  answeredMs: 0,
});
