/** From the arguments of a call to an HTTP request. */
import type { OpenApiBodyNode, OpenApiOperationNode } from '../../../schema/graph/upstream.ts';
import { isObject } from '../message.ts';
import { exactText } from './exact-json.ts';
import { bytesOf, multipartBody } from './multipart.ts';
import { formBody, InvalidArgument, inCookie, inHeader, inPath, inQuery } from './serialise.ts';

/** What varies from call to call; base path, credentials and fixed headers are the API's own. */
export interface ApiRequest {
  readonly method: string;
  /** After the base URL, percent-encoded, with its query. */
  readonly path: string;
  /** Flat. */
  readonly headers: readonly string[];
  readonly body: string | Buffer | null;
}

/** A request of an operation. Arguments that are absent or null are left out. */
type BuildRequest = (values: Readonly<Record<string, unknown>>) => ApiRequest;

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** The value of an argument, with its name in what is thrown. */
const named = <T>(argument: string, write: () => T): T => {
  try {
    return write();
  } catch (thrown) {
    if (thrown instanceof InvalidArgument) throw new InvalidArgument(`\`${argument}\`: ${thrown.message}`);
    throw thrown;
  }
};

const bodyOf = (node: OpenApiBodyNode, value: unknown): { contentType: string; body: string | Buffer } => {
  const { mediaType: contentType } = node;
  switch (node.encoding) {
    case 'json':
      return { contentType, body: exactText(value) };
    case 'form':
      return { contentType, body: formBody(value) };
    case 'multipart':
      return multipartBody(value, node.base64Properties);
    case 'text':
      return { contentType, body: typeof value === 'string' ? value : exactText(value) };
    case 'base64':
      return { contentType, body: bytesOf(value) };
  }
};

const argumentOf = (values: Readonly<Record<string, unknown>>, argument: string): unknown =>
  Object.hasOwn(values, argument) ? values[argument] : undefined;

/** A segment that is nothing but dots would be a step through the path. */
const STEP = /\/\.{1,2}(?:\/|$)/;

/** Prepares the requests of an operation. `credentialQuery`: the query parameter that is the gateway's own. */
export const prepareRequest = (
  node: OpenApiOperationNode,
  credentialQuery: string | undefined,
): BuildRequest => {
  const { method, parameters, body } = node;
  const own = new Set(parameters.filter((each) => each.in === 'query').map(({ name }) => name));
  if (credentialQuery !== undefined) own.add(credentialQuery);
  const isTaken = (name: string): boolean => own.has(name);
  const pathOf = (values: Readonly<Record<string, unknown>>): string => {
    let path = '';
    for (const piece of node.path) {
      if (typeof piece === 'string') {
        path += piece;
        continue;
      }
      const parameter = parameters[piece]!;
      path += named(parameter.argument, () =>
        inPath(parameter, argumentOf(values, parameter.argument) ?? ''),
      );
    }
    if (STEP.test(path)) throw new InvalidArgument('the path would have a step in it');
    return path;
  };
  return (values) => {
    const pairs: string[] = [];
    const headers: string[] = ['accept', node.accept];
    const cookies: string[] = [];
    for (const parameter of parameters) {
      const { argument, in: place, name } = parameter;
      const value = argumentOf(values, argument);
      if (place === 'path' || !isGiven(value)) continue;
      named(argument, () => {
        if (place === 'query') pairs.push(...inQuery(parameter, value, isTaken));
        else if (place === 'header') headers.push(name.toLowerCase(), inHeader(parameter, value));
        else cookies.push(inCookie(parameter, value));
      });
    }
    if (cookies.length > 0) headers.push('cookie', cookies.join('; '));
    const path = pathOf(values);
    const target = pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
    const sent = body === undefined ? undefined : argumentOf(values, body.argument);
    if (body === undefined || sent === undefined) return { method, path: target, headers, body: null };
    const made = named(body.argument, () => bodyOf(body, sent));
    headers.push('content-type', made.contentType);
    return { method, path: target, headers, body: made.body };
  };
};

/** The arguments of a tools/call, an object or nothing. */
export const argumentsIn = (params: unknown): Readonly<Record<string, unknown>> | undefined => {
  const given = isObject(params) ? params.arguments : undefined;
  if (given === undefined) return {};
  return isObject(given) ? given : undefined;
};
