/** The configuration from elsewhere that the command line names. */
import { resolve } from 'node:path';
import type { Trust } from '../runtime/reload/compile.ts';
import { parseAddress } from '../runtime/reload/elsewhere/address.ts';
import type { ElsewhereOptions } from '../runtime/reload/elsewhere/elsewhere.ts';
import { durationMs } from '../schema/unit.ts';
import { DEFAULT_POLL } from './elsewhere-options.ts';
import type { Project } from './project-options.ts';

const MIN_POLL_MS = 100;
const MAX_POLL_MS = 86_400_000;

interface Values {
  readonly poll?: string | undefined;
  readonly base?: string | undefined;
}

/** Where the configuration comes from; undefined: from a file. A text says what is wrong with the arguments. */
export const elsewhereOf = (
  { main, overlays }: Project,
  { poll, base }: Values,
  trust: Trust | undefined,
  cwd: string,
): ElsewhereOptions | undefined | string => {
  const address = parseAddress(main);
  if (typeof address === 'string') return address;
  if (address === undefined) {
    if (poll === undefined && base === undefined) return undefined;
    return '`--poll` and `--base` are for a configuration from elsewhere; a file is watched, and its folder is the base';
  }
  if (address.kind !== 'git' && trust === undefined)
    return `what comes from \`${main}\` must be signed: give \`--require-signature\` and the \`--key\` that you trust`;
  if (address.kind !== 'git' && overlays.length > 0)
    return 'an artifact takes no overlay: compile it with the overlay';
  const pollMs = durationMs(poll ?? DEFAULT_POLL) ?? 0;
  if (pollMs < MIN_POLL_MS || pollMs > MAX_POLL_MS)
    return `\`--poll\` is a duration from 100ms to 1d, not \`${poll}\``;
  if (base === '') return '`--base` needs the name of a folder';
  return { address, name: main, pollMs, baseDirectory: resolve(cwd, base ?? '.') };
};
