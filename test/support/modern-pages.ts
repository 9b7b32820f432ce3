/** Lists read page by page, as a client of 2026-07-28 reads them. */
import { type ModernOptions, modernRequest } from './modern-client.ts';

/** A result with a list; `nextCursor` where more follows. */
// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
export type PageResult = any;

/** One page. Throws with the error that came instead. */
export const readPage = async (
  url: string,
  method: string,
  cursor?: string,
  options: ModernOptions = {},
): Promise<PageResult> => {
  const { body } = await modernRequest(url, method, cursor === undefined ? {} : { cursor }, options);
  if (body.error !== undefined) throw new Error(`${method}: ${JSON.stringify(body.error)}`);
  return body.result;
};

/** All pages, to the last. */
export const readPages = async (
  url: string,
  method: string,
  options: ModernOptions = {},
): Promise<PageResult[]> => {
  const pages = [await readPage(url, method, undefined, options)];
  while (pages.at(-1).nextCursor !== undefined)
    pages.push(await readPage(url, method, pages.at(-1).nextCursor, options));
  return pages;
};

/** The error of a request for the page that `cursor` names. */
export const cursorError = async (
  url: string,
  method: string,
  cursor: unknown,
  options: ModernOptions = {},
): Promise<PageResult> => (await modernRequest(url, method, { cursor }, options)).body.error;
