/** The functions that expressions can call: the library's, with the few that are replaced here. */
import { type CelEnv, celEnv } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { calendarFunctions } from './calendar.ts';
import { metered, meteredRange } from './meter.ts';
import { regexEngine } from './regex.ts';

/** For expressions without loops. */
export const PLAIN_FUNCTIONS: CelEnv = celEnv({
  funcs: [...strings, ...calendarFunctions],
  re2: regexEngine,
});

/** For expressions with loops: every call counts against the expression's steps. */
export const METERED_FUNCTIONS: CelEnv = celEnv({
  funcs: [...[...PLAIN_FUNCTIONS.funcs].map(metered), meteredRange],
});
