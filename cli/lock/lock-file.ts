/** `gateway.lock` on disk, as a command finds and leaves it. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { parseExactly } from '../../schema/escaped-keys.ts';
import { LOCK_FILE, LOCK_VERSION, type Lock } from '../../schema/lock/lock.ts';
import { lockText } from '../../schema/lock/lock-text.ts';
import { compileAt, readFrom } from '../compile-at.ts';
import type { CommandIo } from '../io.ts';
import type { Project } from '../project-options.ts';
import { replaceFile } from '../replace-file.ts';

export const EMPTY_LOCK: Lock = { lockVersion: LOCK_VERSION, upstreams: {} };

/** Its path as diagnostics name it. */
export const lockPath = ({ main }: Project): string => join(dirname(main), LOCK_FILE);

export type FoundLock =
  | { readonly kind: 'absent' }
  | { readonly kind: 'sound'; readonly lock: Lock }
  /** The findings in it. */
  | { readonly kind: 'unsound'; readonly findings: readonly Diagnostic[] };

/** The lock as the compiler reads it; only one without a finding is believed. */
export const findLock = (project: Project, { cwd }: CommandIo): FoundLock => {
  const path = lockPath(project);
  const bytes = readFrom(cwd)(path);
  if (bytes === undefined) return { kind: 'absent' };
  const findings = compileAt(project, cwd).diagnostics.filter(
    ({ span, severity }) => span.file === path && severity === 'error',
  );
  return findings.length > 0
    ? { kind: 'unsound', findings }
    : { kind: 'sound', lock: parseExactly(bytes.toString('utf8')) as Lock };
};

/** Writes the lock whole or not at all; false if it is there already, byte for byte. */
export const writeLock = (project: Project, lock: Lock, { cwd }: CommandIo): boolean => {
  const path = resolve(cwd, lockPath(project));
  const text = lockText(lock);
  if (readFrom(cwd)(path)?.toString('utf8') === text) return false;
  if (existsSync(path)) replaceFile(path, text);
  else writeFileSync(path, text, { flag: 'wx' });
  return true;
};
