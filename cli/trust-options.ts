/** What every command that serves takes about signatures: whether one is required, and whose. */
import { delimiter } from 'node:path';
import type { Trust } from '../runtime/reload/compile.ts';
import type { CommandIo } from './io.ts';
import { verifyingKeyAt } from './key-file.ts';

/** Files of trusted keys, as in PATH. If it is set, a signature is required, whatever the arguments say. */
const KEYS_VARIABLE = 'GATEWRIGHT_TRUSTED_KEYS';

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

/**
 * The keys of which one must have signed what is served; undefined: no signature is required. A text says what is
 * wrong with the arguments; throws a KeyFileError for a file that holds no key.
 */
export const trustOf = (
  values: { readonly 'require-signature': boolean; readonly key?: readonly string[] | undefined },
  { env, cwd }: Pick<CommandIo, 'env' | 'cwd'>,
): Trust | undefined | string => {
  const variable = env[KEYS_VARIABLE];
  const isRequired = values['require-signature'] || variable !== undefined;
  const given = values.key ?? [];
  if (!isRequired)
    return given.length === 0 ? undefined : '`--key` means nothing without `--require-signature`';
  const files = [...given, ...(variable ?? '').split(delimiter).filter((file) => file !== '')];
  if (files.length === 0) return `name a key that you trust with \`--key\`, or in \`${KEYS_VARIABLE}\``;
  return files.map((file) => verifyingKeyAt(file, cwd));
};
