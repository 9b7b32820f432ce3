/** The manual of `gatewright run`. */
import { ELSEWHERE_OPTIONS } from '../elsewhere-options.ts';
import { PROJECT_OPTIONS } from '../project-options.ts';
import { STATE_OPTIONS } from '../state-options.ts';
import { TRUST_OPTIONS } from '../trust-options.ts';
import type { CommandManual } from './manual.ts';

export const RUN = {
  usage: '[gateway.yaml|address]',
  summary: 'serve the configuration and reload it when it changes',
  about: [
    'Compiles the file, binds its listeners and serves until SIGTERM or SIGINT. A change of a file, or SIGHUP, is compiled and served; one with errors is reported and leaves what is served as it is.',
    'The file may be an artifact that `gatewright compile` has written: files of references are then found relative to its folder. Which signatures count is said here and in the environment, is read once, and cannot be changed by what is served.',
    'The configuration may come from elsewhere: an artifact at `https://…` (`http://` to a loopback address only) with its signature at the same address and `.sig`; an artifact in an OCI image layout on disk, `oci:<folder>[:<tag>]`; a configuration or an artifact in a git repository on disk, `git:<folder>[:<ref>]:<path>`, as of the commit. The first two need `--require-signature`. It is looked at every 30 seconds, and at once at SIGHUP and `POST /-/reload`; while it cannot be had, what serves serves on.',
  ],
  options: { ...PROJECT_OPTIONS, ...TRUST_OPTIONS, ...STATE_OPTIONS, ...ELSEWHERE_OPTIONS },
  exits: { 0: 'ended in order', 1: 'there is nothing to serve' },
  examples: [
    { line: 'gatewright run /etc/gatewright/gateway.yaml', does: 'serve another file' },
    {
      line: 'gatewright run gateway.artifact.json --require-signature --key ci.pub.pem',
      does: 'serve what CI has compiled and signed, and nothing else',
    },
    {
      line: 'gatewright run https://config.example.com/gateway.artifact.json --require-signature --key ci.pub.pem --state /var/lib/gatewright --last-known-good',
      does: 'serve what CI has published, and start even while it cannot be reached, with what was served last',
    },
    {
      line: 'gatewright run git:/srv/config:main:gateway.yaml --poll 10s',
      does: 'serve what is committed on a branch',
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
