/** “…”, ‘…’ and the like, which word processors put for quotes and YAML takes for letters. */
import type { Report } from '../diagnostics/report.ts';
import type { SourceScalar } from './tree.ts';

const QUOTED =
  /^([\u2018-\u201b\u201c-\u201f\u00ab\u2039])([\s\S]*)([\u2018-\u201b\u201c-\u201f\u00bb\u203a])$/;

/** The scalar as it was meant, reported where its quotes are no quotes. */
export const withOwnQuotes = (scalar: SourceScalar, report: Report): SourceScalar => {
  const inner = typeof scalar.value === 'string' && QUOTED.exec(scalar.value);
  if (!inner || scalar.style !== 'plain') return scalar;
  const meant = /["\\]/.test(inner[2]!) ? `'${inner[2]!.replaceAll("'", "''")}'` : `"${inner[2]}"`;
  const fixes = [{ place: scalar.place, text: meant, applicability: 'always' as const }];
  report('GW0024', scalar.place, { written: `${inner[1]}${inner[3]}`, meant }, { fixes });
  return { ...scalar, value: inner[2]! };
};
