/** Expressions that were checked before and are sound: parsing them again is most of what another compile would cost. */

/** So many characters are remembered; then it begins anew. */
const MAX_CHARACTERS = 2 * 1024 * 1024;

let known = new WeakMap<object, Set<string>>();
let characters = 0;

const keyOf = (expression: string, result: string): string => `${result} ${expression}`;

/** Whether the expression is known to have no problem in this environment. */
export const isKnownSound = (environment: object, expression: string, result: string): boolean =>
  known.get(environment)?.has(keyOf(expression, result)) === true;

/** Remembers that it has none. What a check finds hangs on these three alone. */
export const rememberSound = (environment: object, expression: string, result: string): void => {
  characters += expression.length;
  if (characters > MAX_CHARACTERS) {
    known = new WeakMap();
    characters = expression.length;
  }
  const sound = known.get(environment) ?? new Set();
  known.set(environment, sound.add(keyOf(expression, result)));
};
