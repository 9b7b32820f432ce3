/** What is told of a configuration that was loaded, or was not. */
import type { ReloadResult } from '../runtime/reload/reload-result.ts';
import type { CommandIo } from './io.ts';

/** Findings with their places. Loads the renderer only now: a start without findings does not wait for it. */
export const tellFindings = async (file: string, result: ReloadResult, io: CommandIo): Promise<void> => {
  const { diagnostics, textOf } = result;
  if (diagnostics.length === 0) return;
  const { renderPretty } = await import('../compiler/diagnostics/render/pretty.ts');
  io.err(renderPretty(file, diagnostics, { textOf, color: io.color }));
};

/** Tells why nothing is served. */
export const tellRefusal = async (file: string, result: ReloadResult, io: CommandIo): Promise<void> => {
  const { unresolved, error } = result;
  await tellFindings(file, result, io);
  for (const { field, reference, reason } of unresolved)
    io.err(`error: \`${field}\` needs \`${reference}\`: ${reason}\n`);
  if (error !== undefined) io.err(`error: ${error instanceof Error ? error.message : String(error)}\n`);
};
