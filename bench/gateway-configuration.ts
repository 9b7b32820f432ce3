/** The gateway.yaml files that are measured, and what belongs to them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { apiDocument } from './api-document.ts';
import { ENDPOINT_PATH } from './call.ts';
import { LIST_UPSTREAMS, listPath } from './upstream-answer.ts';

/**
 * `bare`: anonymous, no access log. `secure`: token, policy, rate limit and access log. `api`: as bare, with an HTTP
 * API of as many operations as upstream. `lists`: as bare, with many upstreams. Metrics in all.
 */
export type Profile = 'bare' | 'secure' | 'api' | 'api-of-500' | 'lists';

export interface Ports {
  readonly main: number;
  readonly ops: number;
  readonly upstream: number;
}

const ISSUER = 'https://id.bench.example';
const AUDIENCE = 'https://mcp.bench.example';
const KEY_ID = 'bench';

const shared = (ports: Ports): string => `version: 1
listeners:
  main: { bind: "127.0.0.1:${ports.main}" }
  ops: { bind: "127.0.0.1:${ports.ops}", serve: [health, metrics, status] }
upstreams:
  fast: { type: http, endpoints: ["http://127.0.0.1:${ports.upstream}${ENDPOINT_PATH}"] }
`;

const bare = (ports: Ports): string => `${shared(ports)}
servers:
  bench: { at: [{ listener: main, path: ${ENDPOINT_PATH} }], anonymous: true, expose: [{ upstream: fast }] }
telemetry: { log: { access: false } }
`;

const api = (ports: Ports): string =>
  bare(ports).replace(
    /fast: .*/,
    `fast: { type: openapi, spec: ./api.json, baseUrl: "http://127.0.0.1:${ports.upstream}", egress: { allow: [127.0.0.1] } }`,
  );

const lists = (ports: Ports): string => {
  const names = Array.from({ length: LIST_UPSTREAMS }, (_, at) => `u${at}`);
  const upstreams = names.map(
    (name, at) =>
      `  ${name}: { type: http, endpoints: ["http://127.0.0.1:${ports.upstream}${listPath(at)}"] }\n`,
  );
  return `version: 1
listeners:
  main: { bind: "127.0.0.1:${ports.main}" }
  ops: { bind: "127.0.0.1:${ports.ops}", serve: [health, metrics, status] }
upstreams:
${upstreams.join('')}
servers:
  bench:
    at: [{ listener: main, path: ${ENDPOINT_PATH} }]
    anonymous: true
    expose: [${names.map((name) => `{ upstream: ${name} }`).join(', ')}]
telemetry: { log: { access: false } }
`;
};

const secure = (ports: Ports): string => `${shared(ports)}
identity:
  workforce:
    type: jwt
    issuer: ${ISSUER}
    jwksFile: ./jwks.json
    audience: [${AUDIENCE}]
    principal: { roles: claims.groups }
servers:
  bench:
    at: [{ listener: main, path: ${ENDPOINT_PATH} }]
    identity: [workforce]
    expose: [{ upstream: fast }]
    policies: [engineers-look-up]
    limits: [fair-use]
policies:
  engineers-look-up:
    type: cel
    allow: "'engineering' in principal.roles && tool.name.startsWith('lookup_')"
limits:
  fair-use: { type: rate, rate: 1000000/s, key: [principal.id, tool.name] }
`;

/** Writes gateway.yaml and, for `secure`, jwks.json into `folder`. Resolves to the token that callers need. */
export const writeConfiguration = async (
  folder: string,
  profile: Profile,
  ports: Ports,
): Promise<string | undefined> => {
  const file = join(folder, 'gateway.yaml');
  if (profile === 'api' || profile === 'api-of-500') {
    await writeFile(join(folder, 'api.json'), apiDocument(profile === 'api' ? 1 : 500));
    await writeFile(file, api(ports));
    return undefined;
  }
  if (profile !== 'secure') {
    await writeFile(file, profile === 'bare' ? bare(ports) : lists(ports));
    return undefined;
  }
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' };
  await writeFile(join(folder, 'jwks.json'), JSON.stringify({ keys: [key] }));
  await writeFile(file, secure(ports));
  return await new SignJWT({ groups: ['engineering'], scope: 'mcp:read' })
    .setProtectedHeader({ alg: 'ES256', kid: KEY_ID, typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('alice')
    .setJti('bench-token')
    .setIssuedAt()
    .setExpirationTime('2h')
    .sign(privateKey);
};
