/** What every command that serves takes about signatures: whether one is required, and whose. */

/** Files of trusted keys, as in PATH. If it is set, a signature is required, whatever the arguments say. */
export const KEYS_VARIABLE = 'GATEWRIGHT_TRUSTED_KEYS';

/** To be spread into the options of a command's manual. */
export const TRUST_OPTIONS = {
  'require-signature': {
    type: 'boolean',
    default: false,
    does: 'serve nothing but an artifact that one of the keys has signed, now and at every reload',
  },
  key: {
    type: 'string',
    multiple: true,
    value: 'pub.pem',
    does: `trust this Ed25519 public key; may be given several times. More may be named in \`${KEYS_VARIABLE}\`, as in PATH; if it is set, a signature is required`,
  },
} as const;
