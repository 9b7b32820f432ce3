/**
 * Which era a POST belongs to, and whether its headers agree with its body (MCP 2026-07-28, streamable-http,
 * Server Validation; basic/versioning). The era is never raised by a header alone and never lowered by a missing one.
 */
import { methodUnknown } from '../../policies/answers.ts';
import type { Era } from '../../schema/graph/upstream.ts';
import { answerError, GatewayError, RPC } from '../errors.ts';
import { isObject } from '../upstream/message.ts';
import type { Message } from './message.ts';
import { type Method, MODERN_METHODS } from './method.ts';
import { decodeHeaderValue } from './param-header.ts';
import { isModernVersion, META } from './revision.ts';

/** The request headers that classification reads; names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type Classified = { readonly era: 'modern' } | { readonly era: 'legacy' } | GatewayError;

const mismatch = (message: string): GatewayError =>
  new GatewayError('header_mismatch', message, { status: 400, rpcCode: RPC.headerMismatch });

const malformed = (message: string): GatewayError =>
  new GatewayError('invalid_params', message, { status: 400, rpcCode: RPC.invalidParams });

const versionHeader = (headers: RequestHeaders | undefined): string | undefined => {
  const value = headers?.['mcp-protocol-version'];
  return typeof value === 'string' ? value : undefined;
};

/** Whether a message carries the modern claim: its own statement of the revision. */
export const hasModernClaim = (message: Message): boolean =>
  message.meta !== undefined && META.protocolVersion in message.meta;

const validEnvelope = (message: Message): boolean =>
  typeof message.meta?.[META.protocolVersion] === 'string' && isObject(message.meta[META.clientCapabilities]);

/** Missing and malformed parts of a modern envelope; undefined if it is whole. */
const envelopeFault = (message: Message): GatewayError | undefined => {
  const { meta } = message;
  if (typeof meta?.[META.protocolVersion] !== 'string')
    return malformed(`params._meta must hold ${META.protocolVersion}`);
  if (!isObject(meta[META.clientCapabilities]))
    return malformed(`params._meta must hold ${META.clientCapabilities}`);
  const info = meta[META.clientInfo];
  if (info !== undefined && !isObject(info)) return malformed(`${META.clientInfo} must be an object`);
  return undefined;
};

const NAME_PARAMETER: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

const headerFault = (message: Message, headers: RequestHeaders): GatewayError | undefined => {
  const sentMethod = headers['mcp-method'];
  if (sentMethod === undefined) return mismatch('Mcp-Method is missing');
  if (sentMethod !== message.method) return mismatch('Mcp-Method does not match the body');
  const parameter = NAME_PARAMETER.get(message.method);
  if (parameter === undefined) return undefined;
  const name = message.params[parameter];
  if (typeof name !== 'string') return malformed(`params.${parameter} must be a string`);
  const sentName = headers['mcp-name'];
  if (typeof sentName !== 'string') return mismatch('Mcp-Name is missing');
  if (sentName === name) return undefined;
  return decodeHeaderValue(sentName) === name ? undefined : mismatch('Mcp-Name does not match the body');
};

const headersFault = (
  message: Message,
  requested: string,
  headers: RequestHeaders,
): GatewayError | undefined => {
  const sent = versionHeader(headers);
  if (sent === undefined) return mismatch('MCP-Protocol-Version is missing');
  if (sent !== requested) return mismatch('MCP-Protocol-Version does not match the body');
  return headerFault(message, headers);
};

const classifyModern = (
  message: Message,
  headers: RequestHeaders | undefined,
  supported: readonly string[],
  extensionMethods: ReadonlyMap<string, Method>,
): Classified => {
  const fault = envelopeFault(message);
  if (fault !== undefined) return fault;
  const requested = message.meta![META.protocolVersion] as string;
  const disagreement = headers === undefined ? undefined : headersFault(message, requested, headers);
  if (disagreement !== undefined) return disagreement;
  if (!supported.includes(requested))
    return new GatewayError('unsupported_version', 'this protocol version is not supported', {
      status: 400,
      rpcCode: RPC.unsupportedVersion,
      data: { supported, requested },
    });
  if (!MODERN_METHODS.has(message.method) && !extensionMethods.has(message.method))
    return methodNotFound('modern');
  return { era: 'modern' };
};

/** The answer to a method that does not exist here. */
export const methodNotFound = (era: Era): GatewayError => answerError(methodUnknown(era));

/**
 * Classifies one message. `headers` are undefined where the transport has none. `modernVersions` are the revisions of
 * the modern era that the server speaks; the legacy ones are negotiated in initialize. `extensionMethods` are known
 * besides the protocol's own.
 */
export const classify = (
  message: Message,
  headers: RequestHeaders | undefined,
  modernVersions: readonly string[],
  extensionMethods: ReadonlyMap<string, Method>,
): Classified => {
  if (message.kind === 'response') return { era: 'legacy' };
  const sent = versionHeader(headers);
  const modernHeader = sent !== undefined && isModernVersion(sent);
  const claims = hasModernClaim(message);
  if (message.method === 'initialize' && !validEnvelope(message)) {
    if (!modernHeader || claims) return { era: 'legacy' };
    return mismatch('initialize belongs to revisions before that of MCP-Protocol-Version');
  }
  if (message.kind === 'notification') return { era: claims || modernHeader ? 'modern' : 'legacy' };
  if (claims || modernHeader) return classifyModern(message, headers, modernVersions, extensionMethods);
  return { era: 'legacy' };
};
