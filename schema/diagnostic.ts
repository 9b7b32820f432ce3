/** The record behind every finding about a configuration; each output format renders the same record. */

/** A place in a source file. Lines and columns count from 1, columns in UTF-16 units; offsets from 0. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly offset: number;
  readonly endOffset: number;
}

/** Errors stop a compile. Warnings are posture findings and lints. */
export type Severity = 'error' | 'warning';

/** A second place that explains the first. */
export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** A change of the source that would mend the finding; `always` ones may be applied without asking. */
export interface Fix {
  readonly span: Span;
  readonly text: string;
  readonly applicability: 'always' | 'maybe';
}

/** One finding. `message` and `label` are lowercase facts, names in backticks; `help` proposes, `notes` explain. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span;
  /** Printed under the span. */
  readonly label?: string;
  readonly labels: readonly Label[];
  readonly notes: readonly string[];
  readonly help: readonly string[];
  readonly fixes: readonly Fix[];
}

/** `GW` and four digits by area: 0 syntax, 1 shape, 2 references, 3 values, 4 posture, 5 environment, 6 reload, 7 lock. */
export type DiagnosticCode = `GW${number}`;
