import type { Diagnostic } from '../../schema/diagnostic.ts';
import type { LogFields } from '../observe/log.ts';
import { NeedsRestart } from './needs-restart.ts';
import type { ReloadResult } from './reload-result.ts';

/** A finding as one line of text: code, place, fact, and the first thing to do about it. */
export const findingLine = ({ code, message, span, help }: Diagnostic): string => {
  const way = help[0] === undefined ? '' : `; ${help[0]}`;
  return `${code} ${span.file}:${span.line}:${span.column} ${message}${way}`;
};

/** What the log says of an attempt to reload; lists without entries are left out. */
export const reloadFields = (told: ReloadResult): LogFields => {
  const { result, cause, artifactHash, durationMs, compileMs, diagnostics, unresolved, error } = told;
  return {
    result,
    cause,
    artifactHash,
    durationMs: Math.round(durationMs),
    compileMs: Math.round(compileMs),
    ...(diagnostics.length === 0 ? undefined : { diagnostics: diagnostics.map(findingLine) }),
    ...(unresolved.length === 0 ? undefined : { unresolved }),
    ...(error === undefined ? undefined : { error }),
    ...(error instanceof NeedsRestart ? { needsRestart: error.fields } : undefined),
  };
};
