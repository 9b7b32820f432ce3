import type { ServerCapabilities } from '@modelcontextprotocol/server';
import { McpServer } from '@modelcontextprotocol/server';
import { registerChangeTools } from './change-tools.ts';
import { registerContentTools } from './content-tools.ts';
import { registerElicitationTools } from './elicitation-tools.ts';
import { registerInputRequiredTools } from './input-required-tools.ts';
import { registerPrompts } from './prompts.ts';
import { roundStateCodec } from './request-state.ts';
import { registerRequestStateTools } from './request-state-tools.ts';
import { registerResources } from './resources.ts';
import { registerSchemaTools } from './schema-tools.ts';
import { registerStreamingTools } from './streaming-tools.ts';
import { TASKS_EXTENSION } from './tasks/task-surface.ts';
import { registerTaskTools } from './tasks/task-tools.ts';
import type { EverythingWorld } from './world.ts';

const CAPABILITIES: ServerCapabilities = {
  logging: {},
  completions: {},
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
};

/** A server with everything registered, not yet connected: for one modern request. */
export function createRequestServer(world: EverythingWorld): McpServer {
  return buildServer(world, { ...CAPABILITIES, extensions: { [TASKS_EXTENSION]: {} } }).server;
}

/**
 * A server with everything registered, not yet connected: for one connection that lives on (a session or a
 * stdio pipe). It announces the changes of the world until it closes. In the modern era the SDK holds back updates
 * that no listen asked for.
 */
export function createConnectionServer(
  world: EverythingWorld,
  era: 'modern' | 'legacy' = 'legacy',
): McpServer {
  const { server, dynamic } = buildServer(world, CAPABILITIES);
  const subscribed = new Set<string>();
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });

  const onTools = () => dynamic.tool.update({ enabled: world.dynamicTool });
  const onPrompts = () => dynamic.prompt.update({ enabled: world.dynamicPrompt });
  const onResource = (uri: string) => {
    if (era === 'modern' || subscribed.has(uri))
      void server.server.sendResourceUpdated({ uri }).catch(() => undefined);
  };
  world.changes.on('tools', onTools).on('prompts', onPrompts).on('resource', onResource);
  server.server.onclose = () => {
    world.changes.off('tools', onTools).off('prompts', onPrompts).off('resource', onResource);
  };
  return server;
}

function buildServer(world: EverythingWorld, capabilities: ServerCapabilities) {
  const codec = roundStateCodec(world);
  const server = new McpServer(
    { name: 'everything-fixture', version: '1.0.0' },
    { capabilities, requestState: { verify: codec.verify } },
  );
  registerContentTools(server);
  registerStreamingTools(server);
  registerElicitationTools(server);
  registerInputRequiredTools(server);
  registerRequestStateTools(server, codec);
  registerSchemaTools(server);
  registerTaskTools(server);
  registerResources(server);
  registerPrompts(server);
  const dynamic = registerChangeTools(server, world);
  world.extend?.(server);
  return { server, dynamic };
}
