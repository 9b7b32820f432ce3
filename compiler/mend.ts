/**
 * Mends the files of a configuration by the fixes of its findings, again and again until none is left: one fix may
 * bring to light what another mends. A fix that would leave an error that was not there before is left out.
 */
import type { Diagnostic } from '../schema/diagnostic.ts';
import { type CompileInput, type CompileResult, compile } from './compile.ts';
import { applyFixes, type Daring, isMendable } from './diagnostics/apply-fixes.ts';

export interface Mended {
  /** The files that changed, whole. */
  readonly files: ReadonlyMap<string, string>;
  /** How many findings were mended. */
  readonly applied: number;
  /** What a compile of the mended files says. */
  readonly result: CompileResult;
}

/** More than any chain of fixes is long. */
const MAX_ROUNDS = 10;
/** How many fixes are tried one by one where all at once do not do. */
const MAX_TRIALS = 100;

const BYTE_ORDER_MARK = '\ufeff';

/** A finding wherever it stands: fixes move what is behind them. */
const identityOf = ({ code, message }: Diagnostic): string => `${code} ${message}`;

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
const isOfSyntax = ({ code }: Diagnostic): boolean => code.startsWith('GW0');

/** Whether the file could not be read as YAML, so that nothing else of it was judged. */
const isBlind = ({ placeOf }: CompileResult): boolean => placeOf([]) === undefined;

const countsOf = (diagnostics: readonly Diagnostic[]): ReadonlyMap<string, number> =>
  new Map(Array.from(Map.groupBy(diagnostics, identityOf), ([identity, { length }]) => [identity, length]));

/** Whether `after` has no error that `before` has not; errors that could not be seen before do not count. */
const isNoWorse = (before: CompileResult, after: CompileResult): boolean => {
  const errors = before.diagnostics.filter(isError);
  const known = countsOf(errors);
  const left = after.diagnostics.filter(
    (finding) => isError(finding) && (!isBlind(before) || isOfSyntax(finding)),
  );
  return [...countsOf(left)].every(([identity, count]) => count <= (known.get(identity) ?? 0));
};

interface Mender {
  readonly input: CompileInput;
  readonly daring: Daring;
}

/** Compiles with `files` in the place of those that are there. */
const compileWith = ({ input }: Mender, files: ReadonlyMap<string, string>): CompileResult =>
  compile({
    ...input,
    read: (path) => {
      const text = files.get(path);
      return text === undefined ? input.read(path) : new TextEncoder().encode(text);
    },
  });

const textOf = ({ input }: Mender, { files }: Mended, path: string): string | undefined => {
  const bytes = input.read(path);
  return files.get(path) ?? (bytes && new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
};

/** One round of the fixes of `chosen`; the same state if there is none. */
const mendOnce = (mender: Mender, state: Mended, chosen: readonly Diagnostic[]): Mended => {
  const files = new Map(state.files);
  let { applied } = state;
  for (const path of new Set(chosen.flatMap(({ fixes }) => fixes.map(({ span }) => span.file)))) {
    const whole = textOf(mender, state, path);
    if (whole === undefined) continue;
    // Places are counted without a byte order mark.
    const mark = whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
    const mended = applyFixes(path, whole.slice(mark.length), chosen, mender.daring);
    if (mended.applied > 0) files.set(path, mark + mended.text);
    applied += mended.applied;
  }
  return applied === state.applied ? state : { files, applied, result: compileWith(mender, files) };
};

/** Rounds until nothing is left to mend. */
const mendAll = (mender: Mender, start: Mended): Mended => {
  let state = start;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = mendOnce(mender, state, state.result.diagnostics);
    if (next === state) return state;
    state = next;
  }
  return state;
};

/** Fixes one by one, without those after which there are errors that were not there before. */
const mendOneByOne = (mender: Mender, start: Mended): Mended => {
  const refused = new Set<string>();
  let state = start;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const next = state.result.diagnostics.find(
      (finding) => isMendable(finding, mender.daring) && !refused.has(identityOf(finding)),
    );
    if (next === undefined) return state;
    const mended = mendOnce(mender, state, [next]);
    if (mended !== state && isNoWorse(state.result, mended.result)) state = mended;
    else refused.add(identityOf(next));
  }
  return state;
};

/** Mends what `daring` allows. Pure, as a compile is: the caller writes the files. */
export const mend = (input: CompileInput, daring: Daring): Mended => {
  const mender = { input, daring };
  const start: Mended = { files: new Map(), applied: 0, result: compile(input) };
  const all = mendAll(mender, start);
  return isNoWorse(start.result, all.result) ? all : mendOneByOne(mender, start);
};
