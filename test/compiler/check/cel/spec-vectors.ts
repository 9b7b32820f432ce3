/** The conformance vectors of cel-spec, as @bufbuild/cel-spec ships them with what cel-go's checker says of each. */
import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';

/** A value as in the vectors (cel-spec, cel/expr/value.proto, in JSON). */
export type SpecValue = Readonly<Record<string, unknown>>;

/** A type as in the vectors (cel-spec, cel/expr/checked.proto, in JSON). */
export type SpecType = Readonly<Record<string, unknown>>;

interface Declaration {
  readonly name: string;
  readonly ident?: { readonly type: SpecType };
  readonly function?: unknown;
}

export interface SpecVector {
  /** `group/section/name`. */
  readonly id: string;
  readonly group: string;
  readonly section: string;
  readonly expression: string;
  readonly container: string;
  readonly declarations: readonly Declaration[];
  readonly bindings: Readonly<Record<string, SpecValue>>;
  /** Not meant for a checker. */
  readonly isUnchecked: boolean;
  readonly value: SpecValue | undefined;
  /** Whether evaluation is to fail. */
  readonly fails: boolean;
  /** What cel-go deduces, as it writes it, e.g. `map(string, int)`. */
  readonly type: string | undefined;
  /** What the vector itself says is to be deduced, which counts where the two differ. */
  readonly deducedType: SpecType | undefined;
  /** Where cel-go's checker finds the first fault, from 1, and what it says of it. */
  readonly refusal: { readonly line: number; readonly column: number; readonly text: string } | undefined;
}

const refusalOf = (error: string | undefined): SpecVector['refusal'] => {
  const [, line, column, text] = /^ERROR: [^\n]*?:(\d+):(\d+): ([^\n]*)/.exec(error ?? '') ?? [];
  return text === undefined ? undefined : { line: Number(line), column: Number(column), text };
};

type Suite = typeof tests;

interface Original {
  readonly name?: string;
  readonly expr: string;
  readonly container?: string;
  readonly typeEnv?: readonly Declaration[];
  readonly bindings?: Readonly<Record<string, { readonly value: SpecValue }>>;
  readonly disableCheck?: boolean;
  readonly value?: SpecValue;
  readonly typedResult?: { readonly result?: SpecValue; readonly deducedType?: SpecType };
  readonly evalError?: unknown;
}

const vectorsOf = (group: string, { name: section, tests: vectors = [] }: Suite): SpecVector[] =>
  vectors.map(({ original, type, error }, index) => {
    const vector = original as unknown as Original;
    const bindings = Object.entries(vector.bindings ?? {}).map(([name, { value }]) => [name, value]);
    return {
      id: `${group}/${section}/${vector.name ?? index}`,
      group,
      section,
      expression: vector.expr,
      container: vector.container ?? '',
      declarations: vector.typeEnv ?? [],
      bindings: Object.fromEntries(bindings),
      isUnchecked: vector.disableCheck ?? false,
      value: vector.value ?? vector.typedResult?.result,
      fails: vector.evalError !== undefined,
      type,
      deducedType: vector.typedResult?.deducedType,
      refusal: refusalOf(error),
    };
  });

export const SPEC_VECTORS: readonly SpecVector[] = (tests.suites ?? []).flatMap(({ name, suites = [] }) =>
  suites.flatMap((section) => vectorsOf(name, section)),
);
