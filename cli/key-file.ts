/** Keys that the command line names as files of PEM. */
import type { KeyObject } from 'node:crypto';
import {
  type KeyProblem,
  readSigningKey,
  readVerifyingKey,
  type VerifyingKey,
} from '../compiler/artifact/signing-key.ts';
import { readFrom } from './compile-at.ts';

/** What is wrong with a key's file, in words for whoever named it. */
export class KeyFileError extends Error {}

const MAX_BYTES = 64 * 1024;

const readPem = (path: string, cwd: string): string => {
  const bytes = readFrom(cwd)(path);
  if (!bytes) throw new KeyFileError(`the key \`${path}\` cannot be read`);
  if (bytes.length > MAX_BYTES) throw new KeyFileError(`the key \`${path}\` is too large for a key`);
  return bytes.toString('latin1');
};

const soundOr = <K extends object>(path: string, key: K | KeyProblem): K => {
  if ('problem' in key) throw new KeyFileError(`\`${path}\` ${key.problem}`);
  return key;
};

/** The private key in a file. Throws a KeyFileError. */
export const signingKeyAt = (path: string, cwd: string): KeyObject =>
  soundOr(path, readSigningKey(readPem(path, cwd)));

/** The public key in a file. Throws a KeyFileError. */
export const verifyingKeyAt = (path: string, cwd: string): VerifyingKey =>
  soundOr(path, readVerifyingKey(readPem(path, cwd)));
