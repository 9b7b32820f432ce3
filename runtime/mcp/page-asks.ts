/** The pages of one list of an upstream, under bounds on them all: however many pages, it costs no more than one. */
import { upstreamError } from '../upstream/failure.ts';
import type { Link } from '../upstream/link.ts';
import { type Answer, type AskContext, ask, MAX_ANSWER_BYTES } from './ask.ts';

const MAX_LIST_BYTES = 32 * 1024 * 1024;

/** Asks for one page; rejects as `ask` does. */
export type AskPage = (params: { readonly cursor?: string }) => Promise<Answer>;

/**
 * Asks for the pages of one list, one after the other.
 * @param timeoutMs for all pages together, from now; after it `upstream_timeout`. Pages of more than 32 MiB in all are
 * `result_too_large`.
 */
export const pageAsks = (link: Link, method: string, context: AskContext, timeoutMs: number): AskPage => {
  const endMs = performance.now() + timeoutMs;
  let bytesLeft = MAX_LIST_BYTES;
  return async (params) => {
    const msLeft = endMs - performance.now();
    if (msLeft <= 0) throw upstreamError('upstream_timeout', `${method}: no end after ${timeoutMs} ms`);
    if (bytesLeft <= 0) throw upstreamError('result_too_large', `${method}: over ${MAX_LIST_BYTES} bytes`);
    const answer = await ask(link, method, params, context, msLeft, Math.min(bytesLeft, MAX_ANSWER_BYTES));
    bytesLeft -= Buffer.byteLength(answer.text);
    return answer;
  };
};
