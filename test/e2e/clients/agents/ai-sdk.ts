/** The MCP client of the AI SDK, which asks for 2026-07-28 first unless it is told not to. */
import { createMCPClient } from '@ai-sdk/mcp';
import { joinTexts } from '../texts.ts';
import type { OpenAgent } from './agent.ts';

export const openAiSdk =
  (protocolVersionDiscovery: boolean): OpenAgent =>
  async (url) => {
    const client = await createMCPClient({ transport: { type: 'http', url }, protocolVersionDiscovery });
    return {
      tools: async () => Object.keys(await client.tools()),
      call: async (name, args) => {
        const tool = (await client.tools())[name];
        if (tool === undefined) throw new Error(`no tool ${name}`);
        const result = await tool.execute(args, { toolCallId: 'call-1', messages: [], context: {} });
        return joinTexts((result as { content: object[] }).content);
      },
      resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
      read: async (uri) => joinTexts((await client.readResource({ uri })).contents),
      prompt: async (name, args) =>
        joinTexts((await client.getPrompt({ name, arguments: args })).messages.map(({ content }) => content)),
      [Symbol.asyncDispose]: () => client.close(),
    };
  };
