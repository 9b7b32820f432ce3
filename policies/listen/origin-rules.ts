/** Which browser origins may call a listener, and what their replies say (Fetch standard, CORS protocol). */
export interface OriginRules {
  /** Headers of every reply to a request from this origin, flat; undefined: the origin is not allowed. */
  replyHeaders(origin: string): readonly string[] | undefined;
}

const EXPOSED =
  'mcp-session-id, www-authenticate, retry-after, ratelimit, ratelimit-policy, x-correlation-id';
const ORIGIN = /^(https?:\/\/(\[[0-9a-f:.]+\]|[^\s:@/?#[\]]+))(?::\d{1,5})?$/;
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;
const MAX_REMEMBERED = 64;

/**
 * Compiles an allowlist of lower case origins; one without port of a loopback name admits any port, `null` is
 * never admitted. `headers` are those of a reply to a request without Origin.
 */
export const compileOriginRules = (origins: readonly string[], headers: readonly string[]): OriginRules => {
  const listed = new Set(origins);
  const admitted = new Map<string, readonly string[]>();
  const matches = (origin: string): boolean => {
    const lower = origin.toLowerCase();
    const parts = ORIGIN.exec(lower);
    if (parts === null) return false;
    return listed.has(lower) || (LOOPBACK.test(parts[2]!) && listed.has(parts[1]!));
  };
  return {
    replyHeaders: (origin) => {
      const known = admitted.get(origin);
      if (known !== undefined) return known;
      if (!matches(origin)) return undefined;
      const made = [
        ...headers,
        'access-control-allow-origin',
        origin,
        'access-control-expose-headers',
        EXPOSED,
      ];
      if (admitted.size < MAX_REMEMBERED) admitted.set(origin, made);
      return made;
    },
  };
};
