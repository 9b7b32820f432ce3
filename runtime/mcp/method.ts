/** What the gateway knows of each method that clients may send. */
/** What a list is made of. */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

/** Of the tasks extension (SEP-2663) or of tasks in 2025-11-25. */
type TaskMethod = 'tasks/get' | 'tasks/update' | 'tasks/cancel' | 'tasks/result' | 'tasks/list';

export type Method =
  | { readonly kind: 'discover'; readonly name: 'server/discover' }
  | {
      readonly kind: 'list';
      readonly name: string;
      readonly list: ListKind;
    }
  | {
      readonly kind: 'target';
      readonly name: string;
      readonly target: 'tool' | 'prompt' | 'resource';
      /** The parameter that names the target, mirrored in Mcp-Name. */
      readonly parameter: 'name' | 'uri';
    }
  | { readonly kind: 'complete'; readonly name: 'completion/complete' }
  | { readonly kind: 'listen'; readonly name: 'subscriptions/listen' }
  | { readonly kind: 'task'; readonly name: TaskMethod }
  | { readonly kind: 'extension'; readonly name: string; readonly upstream: string }
  | { readonly kind: 'subscribe'; readonly name: string }
  | { readonly kind: 'ping'; readonly name: 'ping' }
  | { readonly kind: 'set-level'; readonly name: 'logging/setLevel' };

const SHARED: readonly Method[] = [
  { kind: 'list', name: 'tools/list', list: 'tools' },
  { kind: 'list', name: 'prompts/list', list: 'prompts' },
  { kind: 'list', name: 'resources/list', list: 'resources' },
  { kind: 'list', name: 'resources/templates/list', list: 'resourceTemplates' },
  { kind: 'target', name: 'tools/call', target: 'tool', parameter: 'name' },
  { kind: 'target', name: 'prompts/get', target: 'prompt', parameter: 'name' },
  { kind: 'target', name: 'resources/read', target: 'resource', parameter: 'uri' },
  { kind: 'complete', name: 'completion/complete' },
];

const byName = (methods: readonly Method[]): ReadonlyMap<string, Method> =>
  new Map(methods.map((method) => [method.name, method]));

/** Requests of 2026-07-28 (schema, ClientRequest) and of its tasks extension (SEP-2663). */
export const MODERN_METHODS = byName([
  { kind: 'discover', name: 'server/discover' },
  { kind: 'listen', name: 'subscriptions/listen' },
  { kind: 'task', name: 'tasks/get' },
  { kind: 'task', name: 'tasks/update' },
  { kind: 'task', name: 'tasks/cancel' },
  ...SHARED,
]);

/** Requests of 2025-11-25 and older within a session; initialize is handled before. */
export const LEGACY_METHODS = byName([
  { kind: 'ping', name: 'ping' },
  { kind: 'set-level', name: 'logging/setLevel' },
  { kind: 'subscribe', name: 'resources/subscribe' },
  { kind: 'subscribe', name: 'resources/unsubscribe' },
  { kind: 'task', name: 'tasks/get' },
  { kind: 'task', name: 'tasks/result' },
  { kind: 'task', name: 'tasks/list' },
  { kind: 'task', name: 'tasks/cancel' },
  ...SHARED,
]);
