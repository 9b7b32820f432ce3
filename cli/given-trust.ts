/** The trusted keys that the command line and the environment name. */
import { delimiter } from 'node:path';
import type { Trust } from '../runtime/reload/compile.ts';
import type { CommandIo } from './io.ts';
import { verifyingKeyAt } from './key-file.ts';
import { KEYS_VARIABLE } from './trust-options.ts';

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
