/** Collects findings: code, place and data here, words from the catalogue. */
import type { Diagnostic, Fix, Severity, Span } from '../../schema/diagnostic.ts';
import { type Place, spanOf } from '../source/source-file.ts';
import { CATALOGUE, type Code, type DataOf } from './catalogue.ts';
import type { Entry } from './entry.ts';

/** A change that would mend a finding; `always` where it says without doubt what was meant. */
export interface ProposedFix {
  readonly place: Place;
  readonly text: string;
  readonly applicability: Fix['applicability'];
}

/** What a finding has besides its code, place and data. */
export interface Extras {
  readonly severity?: Severity;
  readonly labels?: readonly { readonly place: Place; readonly text: string }[];
  readonly fixes?: readonly ProposedFix[];
}

export type Report = <C extends Code>(code: C, place: Place, data: DataOf<C>, extras?: Extras) => void;

const present = (lines: readonly (string | undefined)[] | undefined): readonly string[] =>
  (lines ?? []).filter((line) => line !== undefined);

/** One finding with the catalogue's words. */
export const diagnostic = <C extends Code>(
  code: C,
  place: Place,
  data: DataOf<C>,
  extras: Extras = {},
): Diagnostic => diagnosticAt(code, spanOf(place), data, extras);

/** The same where the text is no longer at hand. */
export const diagnosticAt = <C extends Code>(
  code: C,
  span: Span,
  data: DataOf<C>,
  extras: Extras = {},
): Diagnostic => {
  const entry = CATALOGUE[code] as unknown as Entry<DataOf<C>>;
  const label = entry.label?.(data);
  return {
    code: code as Diagnostic['code'],
    severity: extras.severity ?? entry.severity,
    message: entry.message(data),
    span,
    ...(label === undefined ? {} : { label }),
    labels: (extras.labels ?? []).map((second) => ({ span: spanOf(second.place), text: second.text })),
    notes: present(entry.note?.(data)),
    help: present(entry.help?.(data)),
    fixes: (extras.fixes ?? []).map((fix) => ({
      span: spanOf(fix.place),
      text: fix.text,
      applicability: fix.applicability,
    })),
  };
};
