/** For upstreams that are processes: a loaded machine may take long to start one. */
export const SLOW_START = { timeouts: { connect: '30s', list: '30s' } } as const;
