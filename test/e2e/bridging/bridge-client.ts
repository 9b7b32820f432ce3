/** A client of the SDK in one era that answers whatever it is asked, and keeps what it was asked and told. */
import { Client, type McpSubscription, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hearing, NOTIFICATIONS } from '../clients/hearing.ts';

export type Era = 'modern' | 'legacy';

export interface BridgeClient extends AsyncDisposable {
  readonly era: Era;
  readonly sdk: Client;
  /** What it was asked, in order. */
  readonly asked: readonly { readonly method: string; readonly params: unknown }[];
  /** What it was told without having asked. */
  readonly hearing: Hearing;
  /** Wants to be told of changed lists, and of updates of these. */
  watch(uris: readonly string[]): Promise<void>;
}

interface Property {
  readonly type?: string;
  readonly enum?: readonly string[];
}

/** Fills a form: the answer depends on nothing but the form. */
const fill = (schema: { readonly properties?: Readonly<Record<string, unknown>> }) =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const { type, enum: values } = property as Property;
      if (values !== undefined) return [name, values[0]!];
      if (type === 'boolean') return [name, true];
      return [name, type === 'string' ? `a ${name}` : 7];
    }),
  );

const answerAll = (sdk: Client, asked: { method: string; params: unknown }[]): void => {
  sdk.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push({ method: 'elicitation/create', params });
    if (params.message.includes('declined')) return { action: 'decline' };
    if (params.message.includes('cancelled')) return { action: 'cancel' };
    if (!('requestedSchema' in params)) return { action: 'accept' };
    return { action: 'accept', content: fill(params.requestedSchema) };
  });
  sdk.setRequestHandler('sampling/createMessage', ({ params }) => {
    asked.push({ method: 'sampling/createMessage', params });
    return { model: 'm', role: 'assistant', stopReason: 'endTurn', content: { type: 'text', text: 'Paris' } };
  });
  sdk.setRequestHandler('roots/list', () => {
    asked.push({ method: 'roots/list', params: undefined });
    return { roots: [{ uri: 'file:///projects', name: 'Projects' }] };
  });
};

export const openBridgeClient = async (url: string, era: Era): Promise<BridgeClient> => {
  const sdk = new Client(
    { name: 'bridge-client', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
    },
  );
  const asked: { method: string; params: unknown }[] = [];
  answerAll(sdk, asked);
  const hearing = new Hearing();
  for (const method of NOTIFICATIONS)
    sdk.setNotificationHandler(method, ({ params }) => hearing.add({ method, params }));
  const transport = new StreamableHTTPClientTransport(new URL(url));
  await sdk.connect(transport);
  const listens: McpSubscription[] = [];
  return {
    era,
    sdk,
    asked,
    hearing,
    watch: async (uris) => {
      if (era === 'legacy') for (const uri of uris) await sdk.subscribeResource({ uri });
      else
        listens.push(
          await sdk.listen({
            toolsListChanged: true,
            promptsListChanged: true,
            resourcesListChanged: true,
            resourceSubscriptions: [...uris],
          }),
        );
    },
    [Symbol.asyncDispose]: async () => {
      for (const listen of listens) await listen.close();
      if (era === 'legacy') await transport.terminateSession();
      await sdk.close();
    },
  };
};
