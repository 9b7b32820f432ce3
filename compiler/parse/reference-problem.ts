/** What is wrong with a `${…}`, at its place inside the scalar. */
import { REFERENCE_SOURCES, type ReferenceProblem } from '../../schema/reference.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import { placeInScalar } from '../source/scalar-offset.ts';
import type { SourceScalar } from '../source/tree.ts';

export const reportReferenceProblem = (
  scalar: SourceScalar,
  problem: ReferenceProblem,
  report: Report,
): void => {
  const { offset, length, reason, subject } = problem;
  const near = reason === 'unknown-source' ? nearest(subject, REFERENCE_SOURCES) : undefined;
  report('GW3030', placeInScalar(scalar, offset, length), { reason, subject, nearest: near });
};
