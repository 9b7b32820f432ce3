/** How deep an expression nests. Bounded, so that no thread runs out of stack over what another took. */
import type { CelExpr } from './expression.ts';

/** Brackets and choices within each other. Threads differ in their stack; the smallest holds several times as much. */
export const MAX_TEXT_DEPTH = 64;

/** Operations on the outcome of others. They take less of the stack each. */
export const MAX_TREE_DEPTH = 256;

/** Text, remarks, and the signs that the parser goes one deeper at. Text in three quotes goes over lines. */
const SIGNS =
  /\/\/[^\n]*|[rR]("""|''')[\s\S]*?\1|("""|''')(?:\\[\s\S]|[^\\])*?\2|[rR](?:"[^"\n]*"|'[^'\n]*')|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[([{?,)\]}]/g;

/** Whether the text opens too many brackets, or choices (`a ? b : c`), within each other. Never goes deep itself. */
export const isTextTooDeep = (expression: string): boolean => {
  let depth = 0;
  const outside: number[] = [];
  for (const [sign] of expression.matchAll(SIGNS)) {
    if (sign === '(' || sign === '[' || sign === '{') {
      outside.push(depth);
      depth += 1;
    } else if (sign === ')' || sign === ']' || sign === '}') depth = outside.pop() ?? 0;
    else if (sign === ',') depth = (outside.at(-1) ?? -1) + 1;
    else if (sign === '?') depth += 1;
    if (depth > MAX_TEXT_DEPTH) return true;
  }
  return false;
};

/** Whether the tree is too deep, as chains make it that nest nothing in the text. Never goes deep itself. */
export const isTreeTooDeep = (expr: CelExpr): boolean => {
  let level: readonly CelExpr[] = [expr];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_TREE_DEPTH) return true;
    level = level.flatMap(parts);
  }
  return false;
};

const parts = ({ exprKind }: CelExpr): readonly CelExpr[] => {
  switch (exprKind.case) {
    case 'selectExpr':
      return given([exprKind.value.operand]);
    case 'callExpr':
      return given([exprKind.value.target, ...exprKind.value.args]);
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) =>
        given([keyKind.case === 'mapKey' ? keyKind.value : undefined, value]),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return given([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    default:
      return [];
  }
};

const given = (all: readonly (CelExpr | undefined)[]): readonly CelExpr[] =>
  all.filter((each) => each !== undefined);
