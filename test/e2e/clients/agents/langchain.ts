/** The MCP adapter of LangChain, which makes tools of LangChain of those of a server. */
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { joinTexts } from '../texts.ts';
import type { OpenAgent } from './agent.ts';

const SERVER = 'gateway';

export const openLangChain: OpenAgent = async (url) => {
  const client = new MultiServerMCPClient({ mcpServers: { [SERVER]: { transport: 'http', url } } });
  await client.initializeConnections();
  return {
    tools: async () => (await client.getTools()).map(({ name }) => name),
    call: async (name, args) => {
      const tool = (await client.getTools()).find((candidate) => candidate.name === name);
      if (tool === undefined) throw new Error(`no tool ${name}`);
      const answer = await tool.invoke(args);
      return typeof answer === 'string' ? answer : joinTexts([answer].flat());
    },
    resources: async () => ((await client.listResources())[SERVER] ?? []).map(({ uri }) => uri),
    read: async (uri) => joinTexts(await client.readResource(SERVER, uri)),
    prompt: async (name, args) => {
      const connected = await client.getClient(SERVER);
      const { messages } = await connected!.getPrompt({ name, arguments: args });
      return joinTexts(messages.map(({ content }) => content));
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
};
