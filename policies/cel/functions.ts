/** The functions that expressions can call: the library's, with the few that are replaced here. */
import type { CelEnv } from '@bufbuild/cel';
import { calendarFunctions } from './calendar.ts';
import { celLibrary } from './late-library.ts';
import { metered, meteredRange } from './meter.ts';
import { regexEngine } from './regex.ts';

interface CelFunctions {
  /** For expressions without loops. */
  readonly plain: CelEnv;
  /** For expressions with loops: every call counts against the expression's steps. */
  readonly metered: CelEnv;
}

const makeFunctions = (): CelFunctions => {
  const { celEnv, strings } = celLibrary();
  const plain = celEnv({ funcs: [...strings, ...calendarFunctions()], re2: regexEngine });
  return { plain, metered: celEnv({ funcs: [...[...plain.funcs].map(metered), meteredRange()] }) };
};

let made: CelFunctions | undefined;

/** Made when they are asked for first: what has no expression has no use for them. */
export const celFunctions = (): CelFunctions => {
  made ??= makeFunctions();
  return made;
};
