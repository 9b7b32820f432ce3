/** Configurations for tests: the smallest one that serves, with a test's own sections over it. */

/** gateway.yaml as JSON, which is YAML; `server` and `upstream` are laid over the defaults. */
export const configuration = (
  upstreams: Readonly<Record<string, string>>,
  over: {
    readonly listener?: object;
    readonly server?: object;
    readonly upstream?: object;
    readonly expose?: readonly object[];
    readonly ops?: boolean;
    readonly [section: string]: unknown;
  } = {},
): string => {
  const { listener, server, upstream, expose, ops, ...sections } = over;
  const names = Object.keys(upstreams);
  return JSON.stringify({
    version: 1,
    listeners: {
      main: { bind: '127.0.0.1:0', ...listener },
      ...(ops === false
        ? {}
        : { ops: { bind: '127.0.0.1:0', serve: ['health', 'metrics', 'status', 'reload', 'revoke'] } }),
    },
    servers: {
      main: {
        at: [{ listener: 'main', path: '/mcp' }],
        ...(server !== undefined && 'identity' in server ? {} : { anonymous: true }),
        expose: expose ?? names.map((name) => ({ upstream: name })),
        ...server,
      },
    },
    upstreams: Object.fromEntries(
      Object.entries(upstreams).map(([name, url]) => [name, { type: 'http', endpoints: [url], ...upstream }]),
    ),
    ...sections,
  });
};
