/** How large messages of upstreams may be, and where they are large. */

/** The largest response where the request names no bound. */
export const DEFAULT_MAX_BYTES = 2 * 1024 * 1024 * 1024;

/** The largest message that is held, to be read whole. */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** A response larger than this goes through in pieces, where nothing has to read it; of a child process see LARGE_LINE_BYTES. */
export const LARGE_BYTES = 256 * 1024;
