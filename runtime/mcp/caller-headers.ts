/** The caller's headers that an upstream's `forward` names: they go with all that is asked of it for that caller. */
import type { Exposure } from './exposure.ts';

/** The headers of a request; names in lower case. */
export type SentHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What a caller sent whose headers no upstream wants. */
export const NO_HEADERS: SentHeaders = Object.freeze({});

/** Headers that tell requests apart and change no answer: what is fetched with one of them serves others too. */
const CORRELATES =
  /^(?:x-request-id|request-id|x-correlation-id|correlation-id|traceparent|tracestate|baggage|b3|x-b3-.*|x-amzn-trace-id|x-cloud-trace-context|uber-trace-id)$/;

/** Names and values, flat, as an upstream is sent them. */
export const forwardedHeaders = (sent: SentHeaders, names: readonly string[]): string[] => {
  const flat: string[] = [];
  for (const name of names) {
    const value = sent[name];
    if (typeof value === 'string') flat.push(name, value);
  }
  return flat;
};

/** The part of forwarded headers that answers may depend on, as a key to keep them by; empty if there is none. */
export const headersKey = (flat: readonly string[]): string => {
  const affecting = flat.filter((_, at) => !CORRELATES.test(flat[at - (at % 2)]!));
  return affecting.length === 0 ? '' : JSON.stringify(affecting);
};

/** All names that the upstreams of a server want. */
export const forwardNames = (exposures: readonly Exposure[]): readonly string[] => [
  ...new Set(exposures.flatMap(({ forwardHeaders }) => forwardHeaders)),
];

/** Those of `sent` that have one of `names`: nothing else of a request outlives it. */
export const keptHeaders = (names: readonly string[], sent: SentHeaders): SentHeaders =>
  names.length === 0
    ? NO_HEADERS
    : Object.fromEntries(names.flatMap((name) => (sent[name] === undefined ? [] : [[name, sent[name]]])));

/** `kept` as it was, but for headers that tell requests apart, which are those of `sent`. */
export const correlatedHeaders = (kept: SentHeaders, sent: SentHeaders): SentHeaders => {
  const others = Object.entries(kept).filter(([name]) => !CORRELATES.test(name));
  const correlating = Object.entries(sent).filter(([name]) => CORRELATES.test(name));
  return Object.fromEntries([...others, ...correlating]);
};
