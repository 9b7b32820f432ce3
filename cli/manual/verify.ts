/** The manual of `gatewright verify`. */
import type { CommandManual } from './manual.ts';

export const VERIFY = {
  usage: '<artifact>',
  summary: 'tell whether an artifact is whole and signed by a key that you trust',
  about: [
    'Reads the artifact and the signature beside it as `gatewright run --require-signature` does, and serves nothing.',
  ],
  options: {
    key: {
      type: 'string',
      multiple: true,
      value: 'pub.pem',
      does: 'trust this Ed25519 public key; may be given several times, one of them must have signed',
    },
  },
  exits: { 0: 'whole, and signed by one of the keys', 1: 'anything else' },
  examples: [
    {
      line: 'gatewright verify gateway.artifact.json --key ci.pub.pem',
      does: 'check what was downloaded',
    },
  ],
} as const satisfies CommandManual;
