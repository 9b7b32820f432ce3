/** The manual of `gatewright compile`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const COMPILE = {
  usage: PROJECT_USAGE,
  summary: 'write the compiled configuration as one file, signed if asked for',
  about: [
    'The artifact holds the graph with all files that were compiled into it, and is served by `gatewright run` as it is. Same input, same bytes, on any machine. References such as `${env:TOKEN}` and `${file:./key}` stay references: they are resolved when it is served, files relative to the folder of the artifact. Nothing is written if there are errors.',
    'The signature goes into a file of its own, beside the artifact, with `.sig` behind its name. It is an Ed25519 signature of the text `gatewright artifact`, a line break and the bytes of the artifact, in base64 within JSON that names the key by the SHA-256 of its SubjectPublicKeyInfo.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    output: {
      type: 'string',
      short: 'o',
      value: 'file',
      does: 'where the artifact goes; `-` for standard output. Default: `.artifact.json` in place of `.yaml`, beside the configuration',
    },
    sign: {
      type: 'string',
      value: 'key.pem',
      does: 'sign with this Ed25519 private key (PKCS #8), as `openssl genpkey -algorithm ed25519` makes one',
    },
    'deny-warnings': { type: 'boolean', default: false, does: 'write nothing if there are warnings' },
  },
  exits: { 0: 'written', 1: 'errors, or warnings that are denied; nothing was written' },
  examples: [
    {
      line: 'gatewright compile --deny-warnings --sign key.pem',
      does: 'what CI does with a configuration that was merged',
    },
  ],
} as const satisfies CommandManual;
