/** An issuer for tests: publishes metadata and keys over HTTP, mints any token, fails on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** A key pair with the algorithm that it signs with. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Makes a key pair; its public half is named `kid`. */
export const makeSigningKey = async (alg: string, kid: string): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
};

/** Header members and claims to add or, if undefined, to leave out. */
export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const signatureParameters = ({ algorithm }: CryptoKey) => {
  switch (algorithm.name) {
    case 'ECDSA':
      return { name: 'ECDSA', hash: 'SHA-256' };
    case 'RSA-PSS':
      return { name: 'RSA-PSS', saltLength: 32 };
    default:
      return { name: algorithm.name };
  }
};

/** A compact JWS over exactly these texts, so that even ill-formed JSON can be signed. */
export const signText = async (
  privateKey: CryptoKey,
  headerText: string,
  payloadText: string,
): Promise<string> => {
  const input = [headerText, payloadText].map((text) => Buffer.from(text).toString('base64url')).join('.');
  const parameters = signatureParameters(privateKey);
  const signature = await crypto.subtle.sign(parameters, privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
};

/** A signed JWT. `parts` add to the header and to `claims`, or remove with undefined. */
export const mint = (
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  parts: TokenParts = {},
): Promise<string> =>
  signText(
    key.privateKey,
    JSON.stringify({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...parts.header }),
    JSON.stringify({ ...claims, ...parts.claims }),
  );

/** A JWT with an empty signature and `alg` `none`. */
export const unsignedToken = (claims: Readonly<Record<string, unknown>>): string =>
  `${encode({ alg: 'none' })}.${encode(claims)}.`;

/** How the issuer behaves. */
export type IssuerMood = 'well' | 'down' | 'redirecting' | 'endless' | 'silent' | 'wrong-issuer' | 'not-json';

/** A running issuer. */
export class TestIssuer {
  /** What `iss` is; also the base of discovery. */
  readonly url: string;
  mood: IssuerMood = 'well';
  /** Requests seen, by path. */
  readonly requests: string[] = [];
  published: JWK[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(): Promise<TestIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestIssuer(server);
  }

  get jwksUrl(): string {
    return `${this.url}/jwks`;
  }

  /** How often the keys were fetched. */
  get keyFetches(): number {
    return this.requests.filter((path) => path === '/jwks').length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push(path);
    switch (this.mood) {
      case 'down':
        response.writeHead(500).end('{"keys":[]}');
        return;
      case 'redirecting':
        response.writeHead(302, { location: '/elsewhere' }).end();
        return;
      case 'silent':
        return;
      case 'endless':
        response.writeHead(200).write(Buffer.alloc(1024 * 1024, ' '));
        return;
      case 'not-json':
        response.writeHead(200).end('<html>');
        return;
      case 'wrong-issuer':
      case 'well':
        this.#answerWell(path, response);
    }
  }

  #answerWell(path: string, response: ServerResponse): void {
    if (path === '/jwks') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: this.published }));
    } else if (path === '/.well-known/openid-configuration') {
      const issuer = this.mood === 'wrong-issuer' ? `${this.url}/` : this.url;
      response.writeHead(200).end(JSON.stringify({ issuer, jwks_uri: this.jwksUrl }));
    } else {
      response.writeHead(404).end();
    }
  }
}
