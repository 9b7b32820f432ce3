/** Limits of a graph that is read. */
import type {
  BoundsLimitNode,
  ConcurrencyLimitNode,
  LimitNode,
  QuotaLimitNode,
  RateLimitNode,
} from '../../../schema/graph/limit.ts';
import { byType, fields, list, literal, number, oneOf, optional, record } from '../shape.ts';

const rate = fields<RateLimitNode>({
  kind: oneOf('limit'),
  type: oneOf('rate'),
  name: literal,
  count: number,
  periodMs: number,
  burst: number,
  key: list(literal),
  tools: optional(list(literal)),
  cost: optional(record(number)),
});

const quota = fields<QuotaLimitNode>({
  kind: oneOf('limit'),
  type: oneOf('quota'),
  name: literal,
  count: number,
  windowMs: number,
  key: list(literal),
  tools: optional(list(literal)),
  cost: optional(record(number)),
});

const concurrency = fields<ConcurrencyLimitNode>({
  kind: oneOf('limit'),
  type: oneOf('concurrency'),
  name: literal,
  max: number,
  queue: number,
  queueTimeoutMs: number,
  key: list(literal),
  tools: optional(list(literal)),
});

const bounds = fields<BoundsLimitNode>({
  kind: oneOf('limit'),
  type: oneOf('bounds'),
  name: literal,
  callTimeoutMs: optional(number),
  callMaxMs: optional(number),
  resultBytes: optional(number),
  tools: optional(list(literal)),
});

export const limitShape = byType<LimitNode>({ rate, quota, concurrency, bounds });
