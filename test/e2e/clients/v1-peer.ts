/** The client of the first SDK, which speaks revisions up to 2025-11-25. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { Hearing } from './hearing.ts';
import type { OpenPeer, Peer, PeerAbilities } from './peer.ts';
import { joinTexts } from './texts.ts';

const SCHEMAS = [
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ToolListChangedNotificationSchema,
  PromptListChangedNotificationSchema,
];

const answerQuestions = (client: Client, { elicit, sample, roots }: PeerAbilities): void => {
  if (elicit !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
      action: 'accept',
      content: elicit(params.message),
    }));
  if (sample !== undefined)
    client.setRequestHandler(CreateMessageRequestSchema, async ({ params }) => ({
      model: 'test-model',
      role: 'assistant',
      content: { type: 'text', text: await sample(joinTexts([params.messages.at(-1)!.content].flat())) },
    }));
  if (roots !== undefined)
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: roots.map((uri) => ({ uri })) }));
};

const contentsText = (contents: readonly object[]): string =>
  contents.map((item) => ('text' in item ? item.text : (item as { blob: string }).blob)).join('\n');

/** Opens it; its session ends with `close`. */
export const openV1: OpenPeer = async (url, abilities = {}) => {
  const client = new Client(
    { name: 'v1-client', version: '1.0.0' },
    {
      capabilities: {
        ...(abilities.elicit && { elicitation: {} }),
        ...(abilities.sample && { sampling: {} }),
        ...(abilities.roots && { roots: {} }),
      },
    },
  );
  answerQuestions(client, abilities);
  const hearing = new Hearing();
  for (const schema of SCHEMAS)
    client.setNotificationHandler(schema, (heard) => hearing.add(heard as Parameters<Hearing['add']>[0]));
  const transport = new StreamableHTTPClientTransport(new URL(url));
  await client.connect(transport as Transport);
  const close = async (): Promise<void> => {
    await transport.terminateSession();
    await client.close();
  };
  return {
    era: 'legacy',
    capabilities: client.getServerCapabilities() ?? {},
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, { onProgress, signal } = {}) => {
      const result = await client.callTool({ name, arguments: args }, undefined, {
        ...(onProgress && { onprogress: ({ progress }) => onProgress(progress) }),
        ...(signal && { signal }),
      });
      return { text: joinTexts(result.content as object[]), isError: result.isError === true, result };
    },
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    templates: async () =>
      (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    read: async (uri) => contentsText((await client.readResource({ uri })).contents),
    prompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    prompt: async (name, args = {}) =>
      joinTexts((await client.getPrompt({ name, arguments: args })).messages.map(({ content }) => content)),
    completePrompt: async (name, argument, value) =>
      (await client.complete({ ref: { type: 'ref/prompt', name }, argument: { name: argument, value } }))
        .completion.values,
    completeResource: async (uri, argument, value) =>
      (await client.complete({ ref: { type: 'ref/resource', uri }, argument: { name: argument, value } }))
        .completion.values,
    setLogLevel: async (level) => void (await client.setLoggingLevel(level)),
    ping: async () => void (await client.ping()),
    subscribe: async (uri) => void (await client.subscribeResource({ uri })),
    unsubscribe: async (uri) => void (await client.unsubscribeResource({ uri })),
    watchLists: async () => undefined,
    heard: hearing.heard,
    hears: (method, count) => hearing.hears(method, count),
    close,
    [Symbol.asyncDispose]: close,
  } satisfies Peer;
};
