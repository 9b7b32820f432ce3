/** How a traced request ends, in words, and as its client sees it. */
import type { TraceVerdict } from '../../policies/trace/trace.ts';
import { RPC } from '../../runtime/errors.ts';

/** What the client is answered; a connection that is cut off is answered nothing. */
export interface ClientSees {
  readonly status: number;
  readonly rpcCode: number;
  readonly code: string;
  readonly message: string;
}

/** Undefined where the upstream answers, or nobody. */
export const clientSees = (verdict: TraceVerdict): ClientSees | undefined => {
  if (verdict.kind !== 'refused') return undefined;
  const { status, rpc, code, message } = verdict.answer;
  return { status, rpcCode: RPC[rpc], code, message };
};

/** One line. */
export const verdictText = (verdict: TraceVerdict): string => {
  switch (verdict.kind) {
    case 'allowed':
      return 'allowed';
    case 'undecided':
      return `not decided: ${verdict.by} goes by arguments that are not known`;
    case 'closed':
      return 'the connection is closed without an answer';
    case 'refused':
      return `refused by ${verdict.by}${verdict.because === undefined ? '' : `: ${verdict.because}`}`;
  }
};

/** One line; undefined where nothing of it is decided here. */
export const clientText = (verdict: TraceVerdict): string | undefined => {
  const seen = clientSees(verdict);
  return (
    seen &&
    `a client sees: HTTP ${seen.status}, JSON-RPC error ${seen.rpcCode}, ${seen.code}: ${seen.message}`
  );
};
