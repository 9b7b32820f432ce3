/** What `gatewright run` tells a person once it serves. */

interface Endpoint {
  readonly server: string;
  readonly url: string;
  /** Whether it may be called without a token. */
  readonly anonymous: boolean;
}

interface Served {
  readonly file: string;
  readonly endpoints: readonly Endpoint[];
  /** Where operations are served, if anywhere. */
  readonly opsUrl: string | undefined;
  /** Whether it comes from elsewhere. */
  readonly isPolled?: boolean;
}

const claudeLine = ({ server, url, anonymous }: Endpoint): string => {
  const header = anonymous ? '' : ' --header "Authorization: Bearer $TOKEN"';
  return `claude mcp add --transport http ${server} ${url}${header}`;
};

/** The entry of one server in the `mcpServers` object that most clients read; they expand no variables. */
const clientEntry = ({ url, anonymous }: Endpoint) => ({
  type: 'http',
  url,
  ...(anonymous ? {} : { headers: { Authorization: 'Bearer <token>' } }),
});

/** Endpoints, the operations address, and lines to paste into a client. */
export const banner = ({ file, endpoints, opsUrl, isPolled }: Served): string => {
  const addresses: (readonly [string, string])[] = endpoints.map(({ server, url }) => [server, url]);
  if (opsUrl !== undefined) addresses.push(['(operations)', opsUrl]);
  const width = Math.max(...addresses.map(([name]) => name.length));
  const mcpServers = Object.fromEntries(
    endpoints.map((endpoint) => [endpoint.server, clientEntry(endpoint)]),
  );
  return [
    `gatewright serves ${file}`,
    '',
    ...addresses.map(([name, url]) => `  ${name.padEnd(width)}  ${url}`),
    '',
    'to connect a client, paste one of:',
    '',
    ...endpoints.map((endpoint) => `  ${claudeLine(endpoint)}`),
    `  ${JSON.stringify({ mcpServers })}`,
    '',
    `${isPolled ? 'publish a change and it' : `save ${file} and the change`} is served; Ctrl-C stops`,
    '',
    '',
  ].join('\n');
};
