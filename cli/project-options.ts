/** What every command that compiles takes: the configuration's file, and the overlays laid over it. */
import type { OptionManuals } from './manual/manual.ts';

/** A configuration as it is named on the command line; paths are relative to the working directory. */
export interface Project {
  readonly main: string;
  /** Later ones lie over earlier ones. */
  readonly overlays: readonly string[];
}

/** For the usage in a command's manual. */
export const PROJECT_USAGE = '[gateway.yaml]';

/** To be spread into the options of a command's manual. */
export const PROJECT_OPTIONS = {
  overlay: {
    type: 'string',
    multiple: true,
    value: 'file',
    does: 'lay this file over the configuration; may be given several times, later ones over earlier ones',
  },
} as const satisfies OptionManuals;

/** What is compiled where no file is named. */
export const DEFAULT_MAIN = 'gateway.yaml';

/** The project that `parseArgs` found, or what is wrong with the arguments. */
export const projectOf = (
  positionals: readonly string[],
  values: { readonly overlay?: readonly string[] | undefined },
): Project | string => {
  if (positionals.length > 1) return 'name one file';
  return { main: positionals[0] ?? DEFAULT_MAIN, overlays: values.overlay ?? [] };
};
