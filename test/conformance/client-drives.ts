/** What a client does in each of the suite's client scenarios. */
import type { Client } from '@modelcontextprotocol/client';
import { toolNames } from '../support/modern-client.ts';

export interface Driven {
  /** Connected to the gateway. */
  readonly client: Client;
  /** The gateway's endpoint. */
  readonly url: string;
  /** What the suite tells its client beside the URL. */
  readonly context: { readonly toolCalls?: readonly ToolCall[] };
}

interface ToolCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

type Drive = (driven: Driven) => Promise<void>;

const listTools: Drive = async ({ client }) => {
  await client.listTools();
};

const callAll: Drive = async ({ client }) => {
  const { tools } = await client.listTools();
  for (const { name } of tools) await client.callTool({ name, arguments: {} });
};

const useEverything: Drive = async (driven) => {
  const { client } = driven;
  await callAll(driven);
  for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
  for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
};

/** Two calls at once: what one of them is asked must not reach the other. */
const answerAndCall: Drive = async ({ client }) => {
  await client.listTools();
  await Promise.all([
    client.callTool({ name: 'test_mrtr_echo_state', arguments: {} }),
    client.callTool({ name: 'test_mrtr_unrelated', arguments: {} }),
  ]);
  await client.callTool({ name: 'test_mrtr_no_state', arguments: {} });
  await client.callTool({ name: 'test_mrtr_no_result_type', arguments: {} });
};

/** The names come from the wire: the client of the SDK would drop the wrong tools itself. */
const callWhatIsListed: Drive = async ({ client, url }) => {
  await client.listTools();
  for (const name of await toolNames(url)) await client.callTool({ name, arguments: { region: 'us-west1' } });
};

const callWithContext: Drive = async ({ client, context }) => {
  await client.listTools();
  for (const call of context.toolCalls ?? []) await client.callTool(call);
};

const returnTheSchema: Drive = async ({ client }) => {
  const { tools } = await client.listTools();
  const schema = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema;
  await client.callTool({ name: 'json_schema_echo', arguments: { schema } });
};

export const DRIVES: Readonly<Record<string, Drive>> = {
  initialize: listTools,
  tools_call: async ({ client }) => {
    await client.listTools();
    await client.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } });
  },
  'elicitation-sep1034-client-defaults': callAll,
  'sse-retry': callAll,
  'request-metadata': listTools,
  'sep-2322-client-request-state': answerAndCall,
  'http-standard-headers': useEverything,
  'http-custom-headers': callWithContext,
  'http-invalid-tool-headers': callWhatIsListed,
  'json-schema-ref-no-deref': listTools,
  'json-schema-2020-12-preservation': returnTheSchema,
};
