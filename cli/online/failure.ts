/** Why something on the network or the machine does not work, in words. */

import { redactLine } from '../../runtime/observe/redact.ts';
import { escapeHidden } from '../../schema/hidden-characters.ts';

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'it has no address',
  EAI_AGAIN: 'the name service does not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was broken off',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer in time',
  EADDRINUSE: 'somebody has it',
  EADDRNOTAVAIL: 'this machine does not have it',
  EACCES: 'this process may not',
  ENOENT: 'its folder does not exist',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority of its certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority of its certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority of its certificate is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

const MAX_CHARS = 300;

/** One line without credentials and hidden characters. */
export const failureText = (thrown: unknown): string => {
  const { code, message } = thrown as { readonly code?: unknown; readonly message?: unknown };
  const known = typeof code === 'string' ? WORDS[code] : undefined;
  const text = known ?? String(message ?? thrown);
  return escapeHidden(redactLine(text)).replaceAll('\n', ' ').slice(0, MAX_CHARS);
};

/** Rejects with ETIMEDOUT where `work` takes longer. */
export const within = async <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`no end after ${ms} ms`), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(error), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
