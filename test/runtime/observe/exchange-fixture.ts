import type { Exchange, ExchangeRecord } from '../../../runtime/listen/exchange.ts';
import { ANONYMOUS, type Principal } from '../../../schema/principal.ts';

/** As much of an exchange as is recorded. */
export const recordedExchange = (
  record: Partial<ExchangeRecord> = {},
  changes: Partial<Exchange> = {},
  principal: Principal = ANONYMOUS,
): Exchange =>
  ({
    listener: 'edge',
    clientAddress: '192.0.2.7',
    correlationId: 'abc-1',
    path: '/mcp',
    principal,
    record: {
      server: 'engineering',
      era: 'modern',
      method: 'tools/call',
      target: 'echo',
      targetKnown: true,
      upstream: 'github',
      policy: '',
      outcome: 'ok',
      cause: undefined,
      identifiedMs: 0,
      sentMs: 0,
      answeredMs: 0,
      ...record,
    },
    ...changes,
  }) as Exchange;
