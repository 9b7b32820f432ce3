/** The manual of `gatewright run`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const RUN = {
  usage: PROJECT_USAGE,
  summary: 'serve the configuration and reload it when it changes',
  about: [
    'Compiles the file, binds its listeners and serves until SIGTERM or SIGINT. A change of a file, or SIGHUP, is compiled and served; one with errors is reported and leaves what is served as it is.',
  ],
  options: PROJECT_OPTIONS,
  exits: { 0: 'ended in order', 1: 'there is nothing to serve' },
  examples: [
    { line: 'gatewright run /etc/gatewright/gateway.yaml', does: 'serve another file' },
    {
      line: 'gatewright run --overlay prod.yaml',
      does: 'serve gateway.yaml as it is changed for production',
    },
  ],
} as const satisfies CommandManual;
