import { EventEmitter } from 'node:events';
import type { McpServer } from '@modelcontextprotocol/server';
import type { Tasks } from './tasks/task-surface.ts';

/** What arrived at one fixture server, counted as it came off the wire. */
export interface EverythingStats {
  /** `tools/call` requests per tool name, refused ones included. */
  readonly calls: Record<string, number>;
  /** Requests and notifications per method. */
  readonly messages: Record<string, number>;
  sessionsOpened: number;
  sessionsClosed: number;
}

/** Registers more than the suite calls for, on every server that is built. */
export type Extension = (server: McpServer) => void;

/** State that every session and every request of one fixture server shares. */
export interface EverythingWorld {
  readonly stats: EverythingStats;
  /** Tells the connections of both eras what changed; `resource` carries the URI. */
  readonly changes: EventEmitter<{ tools: []; prompts: []; resource: [uri: string] }>;
  /** Whether `test_dynamic_tool` is listed now. */
  dynamicTool: boolean;
  /** Whether `test_dynamic_prompt` is listed now. */
  dynamicPrompt: boolean;
  readonly extend: Extension | undefined;
  /** HMAC key that signs `requestState`, new for each server. */
  readonly stateKey: Uint8Array;
  /** What runs of the tasks extension. */
  readonly tasks: Tasks;
}

export function createWorld(extend?: Extension): EverythingWorld {
  const changes = new EventEmitter<{ tools: []; prompts: []; resource: [uri: string] }>();
  changes.setMaxListeners(0);
  return {
    stats: { calls: {}, messages: {}, sessionsOpened: 0, sessionsClosed: 0 },
    changes,
    dynamicTool: false,
    dynamicPrompt: false,
    extend,
    stateKey: crypto.getRandomValues(new Uint8Array(32)),
    tasks: new Map(),
  };
}

/** Counts a parsed POST body: one message or, from a 2025-03-26 client, a batch of them. */
export function countArrivals(stats: EverythingStats, body: unknown): void {
  for (const message of Array.isArray(body) ? body : [body]) {
    if (typeof message?.method !== 'string') continue;
    stats.messages[message.method] = (stats.messages[message.method] ?? 0) + 1;
    if (message.method !== 'tools/call' || typeof message.params?.name !== 'string') continue;
    stats.calls[message.params.name] = (stats.calls[message.params.name] ?? 0) + 1;
  }
}
