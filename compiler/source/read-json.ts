/** Text to data: JSON (RFC 8259). */
import { parseExactly } from '../../schema/escaped-keys.ts';
import type { Report } from '../diagnostics/report.ts';
import type { SourceFile } from './source-file.ts';

/** The value of a JSON text; undefined, with a finding where it ends to be JSON, if it is none. */
export const readJson = (file: SourceFile, report: Report): { readonly value: unknown } | undefined => {
  try {
    return { value: parseExactly(file.text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const offset = Number(/position (\d+)/.exec(message)?.[1] ?? file.text.trimEnd().length);
    const start = Math.min(offset, file.text.length);
    report('GW0019', { file, start, end: start + 1 }, {});
    return undefined;
  }
};
