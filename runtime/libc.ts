/** Functions of the system's library that Node.js has none of its own for. */
import type { dlopen } from 'node:ffi';

type Signatures = Parameters<typeof dlopen>[1] & object;
type Functions<S extends Signatures> = ReturnType<typeof dlopen<S>>['functions'];

/** Undefined where this Node.js cannot call the system, or the system has no such function. */
export const libc = <const S extends Signatures>(signatures: S): Functions<S> | undefined => {
  const { emitWarning } = process;
  // It warns of an experiment on stderr, where the log is.
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:ffi').dlopen(null, signatures).functions;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
};
