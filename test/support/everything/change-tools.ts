import type { McpServer, RegisteredPrompt, RegisteredTool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { textResult } from './text-result.ts';
import type { EverythingWorld } from './world.ts';

/** The two entries that come and go with the world. */
export interface DynamicEntries {
  readonly tool: RegisteredTool;
  readonly prompt: RegisteredPrompt;
}

/** Tools that change what the server lists or holds, and the entries they change. */
export function registerChangeTools(server: McpServer, world: EverythingWorld): DynamicEntries {
  server.registerTool(
    'test_trigger_tool_change',
    { description: 'Lists or unlists test_dynamic_tool' },
    () => {
      world.dynamicTool = !world.dynamicTool;
      world.changes.emit('tools');
      return textResult(`test_dynamic_tool listed: ${world.dynamicTool}`);
    },
  );

  server.registerTool(
    'test_trigger_prompt_change',
    { description: 'Lists or unlists test_dynamic_prompt' },
    () => {
      world.dynamicPrompt = !world.dynamicPrompt;
      world.changes.emit('prompts');
      return textResult(`test_dynamic_prompt listed: ${world.dynamicPrompt}`);
    },
  );

  server.registerTool(
    'test_trigger_resource_update',
    {
      description: 'Announces an update of a resource',
      inputSchema: z.object({ uri: z.string().default('test://watched-resource') }),
    },
    ({ uri }) => {
      world.changes.emit('resource', uri);
      return textResult(`announced: ${uri}`);
    },
  );

  const tool = server.registerTool('test_dynamic_tool', { description: 'Listed only at times' }, () => ({
    content: [{ type: 'text', text: 'I am listed now.' }],
  }));
  const prompt = server.registerPrompt(
    'test_dynamic_prompt',
    { description: 'Listed only at times' },
    () => ({
      messages: [{ role: 'user', content: { type: 'text', text: 'I am listed now.' } }],
    }),
  );
  if (!world.dynamicTool) tool.disable();
  if (!world.dynamicPrompt) prompt.disable();
  return { tool, prompt };
}
