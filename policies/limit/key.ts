/** Keys of limits: what is counted apart. */
import type { CelValue } from '@bufbuild/cel';
import type { CallFacts } from '../../schema/decision.ts';
import { findAttribute, UNKNOWN } from '../cel/environment.ts';
import { celLibrary } from '../cel/late-library.ts';
import { prepareCel } from '../cel/program.ts';
import { KEY_ENVIRONMENT } from './key-environment.ts';
import { COUNTED_ENVIRONMENT, withWholeCaller } from './whole-caller.ts';

type KeyPart = (facts: CallFacts) => string;

/**
 * A function from a call to its count, unambiguous over the whole tuple. It never throws: all calls for which an
 * expression has no value (`tool.name` of a resources/read, or an error) share one count, so that no call
 * escapes a limit. `principal.id` counts principals of different identities apart, by itself and where an expression
 * yields it.
 *
 * @throws Error for an expression that the compiler's checker would have refused.
 */
export const prepareKey = (expressions: readonly string[]): ((facts: CallFacts) => string) => {
  const parts = expressions.map(prepareKeyPart);
  const [only] = parts;
  if (only === undefined) return () => '';
  if (parts.length === 1) return only;
  return (facts) => {
    let key = '';
    for (const part of parts) key += lengthPrefixed(part(facts));
    return key;
  };
};

const NO_VALUE = '-';

const prepareKeyPart = (expression: string): KeyPart => {
  if (expression.trim() === 'principal.id') return (facts) => `s${facts.principal.key}`;
  return plainAttribute(expression) ?? computed(expression);
};

/** An expression that is nothing but an attribute of text is read without an evaluation. */
const plainAttribute = (expression: string): KeyPart | undefined => {
  const entry = findAttribute(KEY_ENVIRONMENT, expression.trim().split('.'));
  if (entry === undefined || 'fields' in entry || entry.type.kind !== 'string') return undefined;
  return (facts) => {
    const value = entry.read(facts);
    return typeof value === 'string' ? `s${value}` : NO_VALUE;
  };
};

const computed = (expression: string): KeyPart => {
  const program = prepareCel(expression, COUNTED_ENVIRONMENT, withWholeCaller);
  const { isCelError } = celLibrary();
  return (facts) => {
    const outcome = program.evaluate(facts);
    return outcome === UNKNOWN || isCelError(outcome) ? NO_VALUE : keyText(outcome);
  };
};

const lengthPrefixed = (text: string): string => `${text.length}:${text}`;

/** Distinct for values that CEL tells apart. */
const keyText = (value: CelValue): string => {
  switch (typeof value) {
    case 'string':
      return `s${value}`;
    case 'boolean':
      return value ? 'b1' : 'b0';
    case 'bigint':
      return `n${value}`;
    case 'number':
      return `n${value}`;
    default:
      return celLibrary().isCelList(value)
        ? `l${[...value].map((element) => lengthPrefixed(keyText(element))).join('')}`
        : NO_VALUE;
  }
};
