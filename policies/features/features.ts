/** The ceiling that `features` puts over what all upstreams of a server offer. */
import type { Features } from '../../schema/graph/server.ts';

/** Methods and notifications by the feature that they belong to (MCP 2025-03-26 to 2026-07-28). */
const FEATURE_BY_METHOD: ReadonlyMap<string, keyof Features> = new Map([
  ['tools/list', 'tools'],
  ['tools/call', 'tools'],
  ['notifications/tools/list_changed', 'tools'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resources'],
  ['resources/read', 'resources'],
  ['resources/subscribe', 'resources'],
  ['resources/unsubscribe', 'resources'],
  ['notifications/resources/list_changed', 'resources'],
  ['notifications/resources/updated', 'resources'],
  ['prompts/list', 'prompts'],
  ['prompts/get', 'prompts'],
  ['notifications/prompts/list_changed', 'prompts'],
  ['completion/complete', 'completions'],
  ['logging/setLevel', 'logging'],
  ['notifications/message', 'logging'],
  ['sampling/createMessage', 'sampling'],
  ['elicitation/create', 'elicitation'],
  ['notifications/elicitation/complete', 'elicitation'],
  ['roots/list', 'roots'],
  ['notifications/roots/list_changed', 'roots'],
  ['tasks/get', 'tasks'],
  ['tasks/update', 'tasks'],
  ['tasks/cancel', 'tasks'],
  ['tasks/result', 'tasks'],
  ['tasks/list', 'tasks'],
  ['notifications/tasks', 'tasks'],
  ['notifications/tasks/status', 'tasks'],
]);

/** The feature that a method belongs to; undefined for the protocol's own, such as `ping`. */
export const featureOf = (method: string): keyof Features | undefined => FEATURE_BY_METHOD.get(method);

/** Whether the ceiling leaves room for a method. Methods of no feature are not under it. */
export const admitsMethod = (features: Features, method: string): boolean => {
  const feature = FEATURE_BY_METHOD.get(method);
  return feature === undefined || features[feature];
};
