/** The client of the second SDK, which speaks both eras and is told which. */
import {
  Client,
  type McpSubscription,
  StreamableHTTPClientTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import { Hearing, NOTIFICATIONS } from './hearing.ts';
import type { OpenPeer, Peer, PeerAbilities } from './peer.ts';
import { joinTexts } from './texts.ts';

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

const answerQuestions = (client: Client, { elicit, sample, roots }: PeerAbilities): void => {
  if (elicit !== undefined)
    client.setRequestHandler('elicitation/create', ({ params }) => ({
      action: 'accept',
      content: elicit(params.message),
    }));
  if (sample !== undefined)
    client.setRequestHandler('sampling/createMessage', async ({ params }) => ({
      model: 'test-model',
      role: 'assistant',
      content: { type: 'text', text: await sample(joinTexts([params.messages.at(-1)!.content].flat())) },
    }));
  if (roots !== undefined)
    client.setRequestHandler('roots/list', () => ({ roots: roots.map((uri) => ({ uri })) }));
};

const contentsText = (contents: readonly object[]): string =>
  contents.map((item) => ('text' in item ? item.text : (item as { blob: string }).blob)).join('\n');

/**
 * A client of the second SDK in one of its modes: `legacy`, its default, `auto`, or pinned to a revision. `versions`
 * are those that it knows, newest first; all that the SDK does if absent.
 */
export const openV2 =
  (mode: VersionNegotiationMode, versions?: string[]): OpenPeer =>
  async (url, abilities = {}) => {
    const client = new Client(
      { name: 'v2-client', version: '1.0.0' },
      {
        versionNegotiation: { mode },
        ...(versions && { supportedProtocolVersions: versions }),
        capabilities: {
          ...(abilities.elicit && { elicitation: { form: {} } }),
          ...(abilities.sample && { sampling: {} }),
          ...(abilities.roots && { roots: {} }),
        },
      },
    );
    answerQuestions(client, abilities);
    const hearing = new Hearing();
    for (const method of NOTIFICATIONS)
      client.setNotificationHandler(method, ({ params }) => hearing.add({ method, params }));
    const transport = new StreamableHTTPClientTransport(new URL(url));
    await client.connect(transport);
    const era = client.getProtocolEra()!;
    const listens = new Map<string, McpSubscription>();
    const close = async (): Promise<void> => {
      for (const listen of listens.values()) await listen.close();
      if (era === 'legacy') await transport.terminateSession();
      await client.close();
    };
    const fresh = { cacheMode: 'bypass' } as const;
    return {
      era,
      capabilities: client.getServerCapabilities() ?? {},
      tools: async () => (await client.listTools(undefined, fresh)).tools.map(({ name }) => name),
      call: async (name, args = {}, { onProgress, signal, logLevel } = {}) => {
        const result = await client.callTool(
          { name, arguments: args, ...(logLevel && { _meta: { [LOG_LEVEL]: logLevel } }) },
          {
            ...(onProgress && { onprogress: ({ progress }) => onProgress(progress) }),
            ...(signal && { signal }),
          },
        );
        return { text: joinTexts(result.content), isError: result.isError === true, result };
      },
      resources: async () => (await client.listResources(undefined, fresh)).resources.map(({ uri }) => uri),
      templates: async () =>
        (await client.listResourceTemplates(undefined, fresh)).resourceTemplates.map(
          ({ uriTemplate }) => uriTemplate,
        ),
      read: async (uri) => contentsText((await client.readResource({ uri }, fresh)).contents),
      prompts: async () => (await client.listPrompts(undefined, fresh)).prompts.map(({ name }) => name),
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
      subscribe: async (uri) => {
        if (era === 'legacy') await client.subscribeResource({ uri });
        else listens.set(uri, await client.listen({ resourceSubscriptions: [uri] }));
      },
      unsubscribe: async (uri) => {
        if (era === 'legacy') await client.unsubscribeResource({ uri });
        else await listens.get(uri)?.close();
        listens.delete(uri);
      },
      watchLists: async () => {
        if (era === 'legacy') return;
        const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
        listens.set('', await client.listen(filter));
      },
      heard: hearing.heard,
      hears: (method, count) => hearing.hears(method, count),
      close,
      [Symbol.asyncDispose]: close,
    } satisfies Peer;
  };
