/** A configuration of thousands of nodes, as a platform's tooling writes one. The same text at every run. */

export interface LargeShape {
  readonly upstreams: number;
  readonly servers: number;
  readonly policies: number;
}

/** What the compiler is held to. */
export const LARGE: LargeShape = { upstreams: 2_000, servers: 500, policies: 5_000 };

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

const server = (index: number, { upstreams, servers, policies }: LargeShape): string => {
  const own = (count: number) => range(count / servers).map((each) => index * (count / servers) + each);
  const exposed = own(upstreams).map((each) => `{ upstream: upstream-${each}, prefix: u${each}_ }`);
  const rules = own(policies).map((each) => `policy-${each}`);
  return `  server-${index}:
    at: [{ listener: main, path: /server-${index} }]
    identity: [workforce]
    expose: [${exposed.join(', ')}]
    policies: [${rules.join(', ')}]
`;
};

const upstream = (index: number): string =>
  `  upstream-${index}: { type: http, endpoints: ["https://upstream-${index}.example.com/mcp"], timeouts: { call: ${(index % 50) + 10}s } }
`;

const policy = (index: number): string =>
  `  policy-${index}: { type: cel, deny: 'call.name.startsWith("delete_${index}") && !("admin-${index % 7}" in principal.roles)', because: rule ${index} }
`;

/** gateway.yaml of that many nodes; it has no findings. */
export const largeConfiguration = (shape: LargeShape): string => `version: 1
name: large
listeners:
  main: { bind: 127.0.0.1:8080 }
identity:
  workforce: { type: jwt, issuer: https://id.example.com, jwks: https://id.example.com/jwks, audience: [gateway] }
servers:
${range(shape.servers)
  .map((index) => server(index, shape))
  .join('')}upstreams:
${range(shape.upstreams).map(upstream).join('')}policies:
${range(shape.policies).map(policy).join('')}`;
