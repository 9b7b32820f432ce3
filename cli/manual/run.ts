/** The manual of `gatewright run`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import { STATE_OPTIONS } from '../state-options.ts';
import { TRUST_OPTIONS } from '../trust-options.ts';
import type { CommandManual } from './manual.ts';

export const RUN = {
  usage: PROJECT_USAGE,
  summary: 'serve the configuration and reload it when it changes',
  about: [
    'Compiles the file, binds its listeners and serves until SIGTERM or SIGINT. A change of a file, or SIGHUP, is compiled and served; one with errors is reported and leaves what is served as it is.',
    'The file may be an artifact that `gatewright compile` has written: files of references are then found relative to its folder. Which signatures count is said here and in the environment, is read once, and cannot be changed by what is served.',
  ],
  options: { ...PROJECT_OPTIONS, ...TRUST_OPTIONS, ...STATE_OPTIONS },
  exits: { 0: 'ended in order', 1: 'there is nothing to serve' },
  examples: [
    { line: 'gatewright run /etc/gatewright/gateway.yaml', does: 'serve another file' },
    {
      line: 'gatewright run gateway.artifact.json --require-signature --key ci.pub.pem',
      does: 'serve what CI has compiled and signed, and nothing else',
    },
    {
      line: 'gatewright run --state /var/lib/gatewright --last-known-good',
      does: 'start even if the file was broken meanwhile, with what was served last',
    },
    {
      line: 'gatewright run --overlay prod.yaml',
      does: 'serve gateway.yaml as it is changed for production',
    },
  ],
} as const satisfies CommandManual;
