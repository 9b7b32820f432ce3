/** undici, which takes two megabytes: it is loaded where a configuration has something that needs it. */
import assert from 'node:assert/strict';

type Undici = typeof import('undici');

let loaded: Undici | undefined;

/** To be awaited while something is prepared, never for a request. */
export const loadUndici = async (): Promise<Undici> => {
  // A bundle has what CommonJS exports as `default` alone.
  loaded ??= (await import('undici')).default as Undici;
  return loaded;
};

/** Once it was loaded. */
export const undici = (): Undici => {
  assert(loaded !== undefined, 'undici was not loaded');
  return loaded;
};
