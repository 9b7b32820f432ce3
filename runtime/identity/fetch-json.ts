/** Fetches a small JSON document of an issuer. */
import type { Dispatcher } from 'undici';
import { parseExactly } from '../../schema/escaped-keys.ts';
import { loadUndici } from '../undici.ts';

const MAX_BYTES = 512 * 1024;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);

/** Whether a URL may be fetched: https, or http within the machine; never with credentials in it. */
export const isFetchable = (text: string): boolean => {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
};

/**
 * GETs `url` and parses the answer. Follows no redirect and reads 512 KiB at most.
 * Rejects with an Error that says what was wrong, for the log.
 */
export const fetchJson = async (
  url: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<unknown> => {
  if (!isFetchable(url)) throw new Error(`${url}: neither https nor http on a loopback address`);
  const { request } = await loadUndici();
  const response = await request(url, {
    dispatcher,
    headers: { accept: 'application/json' },
    signal,
  });
  if (response.statusCode !== 200) {
    response.body.on('error', () => {}).destroy();
    throw new Error(`${url}: status ${response.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += (chunk as Buffer).length;
    if (length > MAX_BYTES) throw new Error(`${url}: more than ${MAX_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  try {
    return parseExactly(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Error(`${url}: not JSON`);
  }
};
