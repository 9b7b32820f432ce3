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
  const place = placeInScalar(scalar, offset, length);
  const isVariable = reason === 'unknown-source' && near === undefined && /^[A-Z_][A-Z0-9_]*$/.test(subject);
  const written = place.file.text.slice(place.start, place.end);
  const meant = isVariable && written.startsWith('${') ? `\${env:${written.slice(2)}` : undefined;
  const fixes = meant === undefined ? [] : [{ place, text: meant, applicability: 'maybe' as const }];
  report('GW3030', place, { reason, subject, nearest: near, meant }, { fixes });
};
