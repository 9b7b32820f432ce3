/** URIs in what an upstream says, in the form that clients are told. */
import type { Message as UpstreamMessage } from '../upstream/message.ts';
import { changeStrings, type JsonPath } from './json-paths.ts';
import type { Part } from './part.ts';
import { requestSteps } from './uri-template.ts';
import type { View } from './view.ts';

/** The exposed form of a URI of `part`; the same text where no other upstream claims it. */
export const exposedUri = ({ parts, uris }: View, part: Part, uri: string, steps = requestSteps()): string =>
  uris.claims.of[parts.indexOf(part)]?.expose(uri, steps) ?? uri;

/** `text`, whose value is `message`, with the exposed forms of the URIs at `paths`. */
export const withExposedUris = (
  view: View,
  part: Part,
  text: string,
  message: UpstreamMessage,
  paths: (message: UpstreamMessage) => readonly JsonPath[],
): string => {
  if (view.uris.claims.of[view.parts.indexOf(part)] === undefined) return text;
  const steps = requestSteps();
  return changeStrings(text, message, paths(message), (uri) => exposedUri(view, part, uri, steps));
};

const UPDATED_URI: readonly JsonPath[] = [['params', 'uri']];

/** An update of a resource, as clients are told it. `message.params.uri` must be a string. */
export const exposedUpdate = (view: View, part: Part, text: string, message: UpstreamMessage): string =>
  withExposedUris(view, part, text, message, () => UPDATED_URI);
