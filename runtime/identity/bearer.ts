/** Finds the bearer token of a request (RFC 6750, section 2.1). */

/** More than one Authorization header: whichever was meant, the other might be believed elsewhere. */
export const SEVERAL = Symbol('several Authorization headers');

const NAME = 'authorization';
const SCHEME = 'bearer ';

/** What is looked at of a request: where no header repeats, all of them are in `headers`. */
interface Sent {
  readonly headers: { readonly authorization?: string | undefined };
  /** Names and values, flat. */
  readonly rawHeaders: readonly string[];
  readonly repeats?: boolean;
}

const authorizationOf = ({ headers, rawHeaders, repeats }: Sent): string | undefined | typeof SEVERAL => {
  if (repeats === false) return headers.authorization;
  let found: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== NAME.length || name.toLowerCase() !== NAME) continue;
    if (found !== undefined) return SEVERAL;
    found = rawHeaders[at + 1];
  }
  return found;
};

/**
 * The token in the Authorization header of a request: undefined if there is none or another scheme, empty if `Bearer`
 * stands alone.
 */
export const bearerToken = (request: Sent): string | undefined | typeof SEVERAL => {
  const value = authorizationOf(request);
  if (value === undefined || value === SEVERAL) return value;
  if (value.length < SCHEME.length) return value.toLowerCase() === 'bearer' ? '' : undefined;
  return value.slice(0, SCHEME.length).toLowerCase() === SCHEME
    ? value.slice(SCHEME.length).trimStart()
    : undefined;
};

/** Whether a request target carries an access token in its query, where tokens leak into logs. */
export const hasQueryToken = (target: string): boolean => {
  const query = target.indexOf('?');
  return query !== -1 && new URLSearchParams(target.slice(query + 1)).has('access_token');
};
