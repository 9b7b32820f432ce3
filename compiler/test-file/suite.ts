/** A file of tests, ready to be run against the graph that it was checked with. */
import type { Offers } from '../../policies/trace/offers.ts';
import type { TracedRequest } from '../../policies/trace/request.ts';
import type { Span } from '../../schema/diagnostic.ts';
import type { TestFile } from '../../schema/test-file/test-file.ts';

export type Expectation = TestFile['cases'][number]['expect'];

export interface TestCase {
  readonly name: string;
  /** Where its name is written. */
  readonly span: Span;
  readonly request: TracedRequest;
  readonly expect: Expectation;
}

export interface TestSuite {
  readonly file: string;
  readonly name: string;
  /** What upstreams are taken to offer. */
  readonly offers: Offers;
  readonly cases: readonly TestCase[];
}
