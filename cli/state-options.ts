/** Where `run` keeps what was served, and whether it may start from there. */
import type { StateOptions } from '../runtime/gateway-options.ts';

const DEFAULT_COUNT = '5';
const MAX_COUNT = 1000;

/** To be spread into the options of a command's manual. */
export const STATE_OPTIONS = {
  state: {
    type: 'string',
    value: 'folder',
    does: 'keep the artifacts that were served in this folder, which belongs to this process alone; by default none is kept',
  },
  keep: {
    type: 'string',
    value: 'count',
    default: DEFAULT_COUNT,
    does: 'how many artifacts are kept there, the newest',
  },
  'last-known-good': {
    type: 'boolean',
    default: false,
    does: 'if the file cannot be compiled at the start, serve the artifact that was served last, tell so loudly, and serve the file as soon as it is right',
  },
} as const;

/** What `parseArgs` found; undefined: nothing is kept. A text says what is wrong with the arguments. */
export const stateOf = (values: {
  readonly state?: string | undefined;
  readonly keep: string;
  readonly 'last-known-good': boolean;
}): StateOptions | undefined | string => {
  const { state: folder, keep, 'last-known-good': startFromLast } = values;
  if (folder === undefined) return startFromLast ? '`--last-known-good` needs `--state`' : undefined;
  if (folder === '') return '`--state` needs the name of a folder';
  const count = /^\d{1,4}$/.test(keep) ? Number(keep) : 0;
  if (count < 1 || count > MAX_COUNT) return `\`--keep\` is a number from 1 to ${MAX_COUNT}, not \`${keep}\``;
  return { folder, count, startFromLast };
};
