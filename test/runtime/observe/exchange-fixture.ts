import type { Exchange } from '../../../runtime/listen/exchange.ts';
import { type ExchangeRecord, newRecord } from '../../../runtime/listen/exchange-record.ts';
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
      ...newRecord(),
      server: 'engineering',
      era: 'modern',
      method: 'tools/call',
      target: 'echo',
      targetKnown: true,
      upstream: 'github',
      outcome: 'ok',
      ...record,
    },
    ...changes,
  }) as Exchange;
