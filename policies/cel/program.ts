/** Expressions, made ready once and evaluated per call. Semantics are those of @bufbuild/cel. */
import type { CelError, CelInput, CelValue } from '@bufbuild/cel';
import { type AttributeUse, findAttributeUses } from './attributes.ts';
import { ABSENT, type CelEnvironment, UNKNOWN } from './environment.ts';
import { type CelExpr, parseExpression } from './expression.ts';
import { celFunctions } from './functions.ts';
import { celFromJson, MISSING, memberOf } from './json-value.ts';
import { celLibrary } from './late-library.ts';
import { resetMeter } from './meter.ts';

/** An expression over facts of type F. */
export interface CelProgram<F> {
  /** Attributes named and the groups that they are part of, e.g. `tool`, `tool.name`. */
  readonly variables: ReadonlySet<string>;
  /**
   * What it may read of who asks, as plain data: where that is the same, and all else that it is asked about, so is
   * the outcome.
   */
  ofCaller(facts: F): readonly unknown[];
  /**
   * The value; UNKNOWN where it hangs on an attribute that is not known yet; or the error, among them a member
   * that is missing and an attribute that does not apply. `&&`, `||`, `all` and `exists` yield a value wherever
   * what is known decides. Never throws.
   */
  evaluate(facts: F): CelOutcome;
}

export type CelOutcome = CelValue | typeof UNKNOWN | CelError;

/**
 * @param change what is evaluated in place of what is written
 * @throws Error for an expression that the compiler's checker would have refused.
 */
export const prepareCel = <F>(
  expression: string,
  environment: CelEnvironment<F>,
  change: (tree: CelExpr) => CelExpr = (tree) => tree,
): CelProgram<F> => {
  try {
    return prepareTree(change(parseExpression(expression).expr), environment);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot prepare the CEL expression \`${expression.slice(0, 200)}\`: ${reason}`);
  }
};

/** As {@link prepareCel}, of an expression or a part of one that was parsed already. */
export const prepareTree = <F>(tree: CelExpr, environment: CelEnvironment<F>): CelProgram<F> => {
  const { expr, uses, variables, loops } = findAttributeUses(tree, environment);
  const { isCelError, plan } = celLibrary();
  const functions = celFunctions();
  const run = plan(loops ? functions.metered : functions.plain, expr);
  const Bindings = bindingsOf(uses);
  const caller = uses.filter(({ path }) => CALLER.has(path.split('.', 1)[0]!));
  return {
    variables,
    ofCaller: (facts) => caller.map((use) => plainValue(use, facts)),
    evaluate(facts) {
      if (loops) resetMeter();
      const bindings = new Bindings(facts);
      const outcome = run(bindings);
      return isCelError(outcome) && bindings[MET_UNKNOWN] ? UNKNOWN : outcome;
    },
  };
};

/** Attributes of who asks, and how. */
const CALLER: ReadonlySet<string> = new Set(['principal', 'client', 'request']);

const plainValue = <F>({ attribute, members }: AttributeUse<F>, facts: F): unknown => {
  const value = memberOf(attribute.read(facts), members);
  if (typeof value === 'bigint') return Number(value);
  return value === MISSING ? undefined : value;
};

const FACTS = Symbol('facts');
const JSON_VALUES = Symbol('json values');
const MET_UNKNOWN = Symbol('met unknown');

/** The attributes of one evaluation. */
interface BindingsInstance<F> extends Record<string, CelInput> {
  [FACTS]: F;
  /** JSON is converted once per evaluation. */
  [JSON_VALUES]: Map<string, unknown> | undefined;
  /** Whether something unknown was read. An error is no certainty then: it may come of that. */
  [MET_UNKNOWN]: boolean;
}

type Bindings<F> = new (facts: F) => BindingsInstance<F>;

/**
 * A class whose instances read attributes when the evaluation asks for them. Built on a null prototype:
 * nothing but the attributes can be named.
 */
const bindingsOf = <F>(uses: readonly AttributeUse<F>[]): Bindings<F> => {
  function BindingsOf(this: BindingsInstance<F>, facts: F) {
    this[FACTS] = facts;
    this[JSON_VALUES] = undefined;
    this[MET_UNKNOWN] = false;
  }
  const unknown = unknownError();
  const prototype = Object.create(null);
  for (const use of uses) {
    const read = readerOf(use);
    const get = function (this: BindingsInstance<F>) {
      const value = read(this[FACTS]);
      if (value === unknown) this[MET_UNKNOWN] = true;
      return value;
    };
    Object.defineProperty(prototype, use.name, { get: isJson(use) ? once(use.name, get) : get });
  }
  BindingsOf.prototype = prototype;
  return BindingsOf as unknown as Bindings<F>;
};

const once = <F>(name: string, get: (this: BindingsInstance<F>) => unknown) =>
  function (this: BindingsInstance<F>) {
    this[JSON_VALUES] ??= new Map();
    let value = this[JSON_VALUES].get(name);
    if (value === undefined) {
      value = get.call(this);
      this[JSON_VALUES].set(name, value);
    }
    return value;
  };

const isJson = ({ attribute, wants }: AttributeUse<never>): boolean =>
  wants === 'value' && (attribute.type.kind === 'dyn' || attribute.type.kind === 'map');

/** Stands for what is unknown in the evaluation: operators absorb it as they do errors. */
const unknownError = (): CelError => {
  unknownMade ??= celLibrary().celError('an attribute is not known yet');
  return unknownMade;
};

let unknownMade: CelError | undefined;

const MISSING_PREFIX = 'there is no ';

/** Whether an error comes of an attribute that is missing or does not apply. */
export const isMissing = (error: CelError): boolean => error.message.startsWith(MISSING_PREFIX);

/** Made when it is met first: an Error looks at the whole stack, and thousands of programs may be made at a time. */
const missingError = (path: string): (() => CelError) => {
  let error: CelError | undefined;
  return () => {
    error ??= celLibrary().celError(`${MISSING_PREFIX}${path}`);
    return error;
  };
};

const readerOf = <F>(use: AttributeUse<F>): ((facts: F) => unknown) => {
  const { attribute, members } = use;
  const missing = missingError(use.path);
  if (use.wants === 'presence') return presenceReader(use, missing);
  const json = isJson(use);
  const unknown = unknownError();
  return (facts) => {
    const value = attribute.read(facts);
    if (value === UNKNOWN) return unknown;
    if (value === ABSENT || value === undefined) return missing();
    if (!json) return value;
    const member = memberOf(value, members);
    return member === MISSING ? missing() : celFromJson(member);
  };
};

/** As in the library, a member that is null is not present, and what has no members has none present. */
const presenceReader = <F>(
  { attribute, members }: AttributeUse<F>,
  missing: () => CelError,
): ((facts: F) => unknown) => {
  const parents = members.slice(0, -1);
  const lastMember = members.slice(-1);
  const unknown = unknownError();
  return (facts) => {
    const value = attribute.read(facts);
    if (value === UNKNOWN) return unknown;
    if (value === ABSENT || value === undefined) return members.length === 0 ? false : missing();
    if (members.length === 0) return true;
    const parent = memberOf(value, parents);
    if (parent === MISSING) return missing();
    const member = memberOf(parent, lastMember);
    return member !== MISSING && member !== null;
  };
};
