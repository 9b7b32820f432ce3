/** What is changed in the responses of an upstream before they are adapted to the client. */
import { isObject, type Message as UpstreamMessage } from '../upstream/message.ts';
import type { Call } from './call.ts';
import { withExposedUris } from './exposed-uris.ts';
import { changeStrings } from './json-paths.ts';
import type { Part } from './part.ts';
import { labelledResponse } from './provenance.ts';
import { resourceUriPaths } from './result-uris.ts';
import type { PreparedServer } from './server.ts';

/** A response with changes; at once, or when what they depend on is known. `message` is the text parsed. */
type Change = (text: string, message: UpstreamMessage) => string | Promise<string>;

/** Changes of a result that nobody has read. */
export interface LargeChange {
  /** `cacheScope` must not be `public`. */
  readonly isPrivate: boolean;
  /** The upstream that `_meta` names; undefined: `_meta` is not touched. */
  readonly label: string | undefined;
}

/** What is changed in responses. */
export interface Rewrite {
  readonly change: Change;
  /** The same for a result that is passed on in pieces; undefined where it has to be read whole. */
  readonly large: LargeChange | undefined;
}

/**
 * URIs are replaced only where another upstream claims them too; before that is known, a response that names any
 * waits.
 */
const uriRewrite = (call: Call, part: Part): Change | undefined => {
  const { uris, parts } = call.view;
  if (uris.isKnown)
    return uris.claims.of[parts.indexOf(part)] === undefined
      ? undefined
      : (text, message) => withExposedUris(call.view, part, text, message, resourceUriPaths);
  return (text, message) =>
    resourceUriPaths(message).length === 0
      ? text
      : uris.learn().then(() => withExposedUris(call.view, part, text, message, resourceUriPaths));
};

/** Whether what one caller is told may be told to anybody: nobody is identified, and no rule decides. */
export const isForAnybody = ({ node, policies }: PreparedServer): boolean => node.anonymous && policies.none;

/** What is read under rules must not be kept for those whom they refuse (MCP 2026-07-28, caching). */
const privateRead: Change = (text, message) => {
  if (!isObject(message.result) || message.result.cacheScope !== 'public') return text;
  return changeStrings(text, message, [['result', 'cacheScope']], () => 'private');
};

const then = (first: Change | undefined, next: Change): Change => {
  if (first === undefined) return next;
  return (text, message) => {
    const changed = first(text, message);
    return typeof changed === 'string'
      ? next(changed, message)
      : changed.then((rewritten) => next(rewritten, message));
  };
};

/** How responses of `part` are changed; undefined where they are passed on as they are, which is the rule. */
export const rewriteFor = (call: Call, part: Part): Rewrite | undefined => {
  const { server, method } = call;
  const uris = uriRewrite(call, part);
  const isPrivate =
    method.name === 'resources/read' && part.connected?.link.era === 'modern' && !isForAnybody(server);
  const label = server.node.provenance ? part.exposure.upstream.name : undefined;
  let change = uris;
  if (isPrivate) change = then(change, privateRead);
  if (label !== undefined) change = then(change, (text, message) => labelledResponse(text, message, label));
  if (change === undefined) return undefined;
  return { change, large: uris === undefined ? { isPrivate, label } : undefined };
};
