/** Which files a command works on that changes them one by one. */
import { compileAt } from './compile-at.ts';
import type { CommandIo } from './io.ts';
import { DEFAULT_MAIN } from './project-options.ts';

/** Those that are named, else gateway.yaml and what it includes; the file alone where that is not known. */
export const configurationFiles = (named: readonly string[], { cwd }: CommandIo): readonly string[] => {
  if (named.length > 0) return named;
  const { composed } = compileAt({ main: DEFAULT_MAIN, overlays: [] }, cwd);
  return composed?.texts.map(({ path }) => path) ?? [DEFAULT_MAIN];
};
