/** The manual of `gatewright run`. */
import type { CommandManual } from './manual.ts';

export const RUN = {
  usage: '[gateway.yaml]',
  summary: 'serve the configuration and reload it when it changes',
  about: [
    'Compiles the file, binds its listeners and serves until SIGTERM or SIGINT. A change of the file, or SIGHUP, is compiled and served; one with errors is reported and leaves what is served as it is.',
  ],
  exits: { 0: 'ended in order', 1: 'there is nothing to serve' },
  examples: [{ line: 'gatewright run /etc/gatewright/gateway.yaml', does: 'serve another file' }],
} as const satisfies CommandManual;
