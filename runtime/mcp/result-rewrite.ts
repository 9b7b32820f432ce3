/** What is changed in the responses of an upstream before they are adapted to the client. */
import type { Message as UpstreamMessage } from '../upstream/message.ts';
import type { Call } from './call.ts';
import { changeStrings } from './json-paths.ts';
import type { Part } from './part.ts';
import { resourceUriPaths } from './result-uris.ts';

/** A response with changes; at once, or when what they depend on is known. `message` is the text parsed. */
export type Rewrite = (text: string, message: UpstreamMessage) => string | Promise<string>;

const withExposedUris = (call: Call, part: Part, text: string, message: UpstreamMessage): string => {
  const { parts, uris } = call.view;
  const own = uris.claims.of[parts.indexOf(part)];
  if (own === undefined) return text;
  return changeStrings(text, message, resourceUriPaths(message), (uri) => own.expose(uri));
};

/**
 * How responses of `part` are changed; undefined where they are passed on as they are, which is the rule. URIs are
 * replaced only where another upstream claims them too; before that is known, a response that names any waits.
 */
export const rewriteFor = (call: Call, part: Part): Rewrite | undefined => {
  const { uris, parts } = call.view;
  if (uris.isKnown)
    return uris.claims.of[parts.indexOf(part)] === undefined
      ? undefined
      : (text, message) => withExposedUris(call, part, text, message);
  return (text, message) =>
    resourceUriPaths(message).length === 0
      ? text
      : uris.learn().then(() => withExposedUris(call, part, text, message));
};
