/** What a client does and sees, the same in every pairing. */
import type { BridgeClient } from './bridge-client.ts';

/** Does something with a client and gives all that was seen of it. */
export type Scenario = (client: BridgeClient) => Promise<unknown>;

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const FRESH = { cacheMode: 'bypass' } as const;
const WATCHED = 'test://watched-resource';

const call =
  (name: string, args: Record<string, unknown> = {}): Scenario =>
  ({ sdk }) =>
    sdk.callTool({ name, arguments: args });

/** A call, and what was asked during it. Questions of one round have no order. */
const asking =
  (name: string, args: Record<string, unknown> = {}): Scenario =>
  async (client) => {
    const before = client.asked.length;
    const result = await call(name, args)(client);
    const asked = client.asked.slice(before).map((question) => JSON.stringify(question));
    return { result, asked: asked.sort().map((question) => JSON.parse(question)) };
  };

/** Code and data: the words are the server's own. */
const failing =
  (scenario: Scenario): Scenario =>
  async (client) => {
    try {
      return { unexpected: await scenario(client) };
    } catch (error) {
      const { code, data } = error as { code?: number; data?: { uri?: unknown } };
      return { code, uri: data?.uri };
    }
  };

const pages = async <Page extends { nextCursor?: string | undefined }, Item>(
  read: (cursor: string | undefined) => Promise<Page>,
  items: (page: Page) => readonly Item[],
): Promise<Item[]> => {
  const all: Item[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await read(cursor);
    all.push(...items(page));
    cursor = page.nextCursor;
  }
  return all;
};

const LISTS: Readonly<Record<string, Scenario>> = {
  'the kinds of things that there are': async ({ sdk }) =>
    // The fixture has its extensions over HTTP in the modern era alone.
    Object.keys(sdk.getServerCapabilities() ?? {})
      .filter((kind) => kind !== 'extensions')
      .sort(),
  'the list of tools, each whole': ({ sdk }) =>
    pages(
      (cursor) => sdk.listTools(cursor === undefined ? undefined : { cursor }, FRESH),
      (page) => page.tools,
    ),
  'a long list of resources': ({ sdk }) =>
    pages(
      (cursor) => sdk.listResources(cursor === undefined ? undefined : { cursor }, FRESH),
      (page) => page.resources,
    ),
  'the list of templates': ({ sdk }) =>
    pages(
      (cursor) => sdk.listResourceTemplates(cursor === undefined ? undefined : { cursor }, FRESH),
      (page) => page.resourceTemplates,
    ),
  'the list of prompts': ({ sdk }) =>
    pages(
      (cursor) => sdk.listPrompts(cursor === undefined ? undefined : { cursor }, FRESH),
      (page) => page.prompts,
    ),
};

const RESULTS: Readonly<Record<string, Scenario>> = {
  'a text': call('test_simple_text'),
  'an image': call('test_image_content'),
  audio: call('test_audio_content'),
  'an embedded resource': call('test_embedded_resource'),
  'content of several kinds': call('test_multiple_content_types'),
  'a link to a resource': call('bridge_link'),
  'structured content with a meta of its own': call('bridge_structured', { count: 4 }),
  'a tool that fails': call('test_error_handling'),
  'a tool that throws': call('bridge_throw'),
  'arguments that do not fit': call('bridge_structured', { count: 'many' }),
  'a tool that there is not': failing(call('bridge_none')),
  'a resource': ({ sdk }) => sdk.readResource({ uri: 'bridge://item/149' }, FRESH),
  'a resource in bytes': ({ sdk }) => sdk.readResource({ uri: 'test://static-binary' }, FRESH),
  'a resource of a template': ({ sdk }) => sdk.readResource({ uri: 'bridge://city/Rome' }, FRESH),
  'a resource that there is not': failing(({ sdk }) => sdk.readResource({ uri: 'bridge://none' }, FRESH)),
  'a prompt': ({ sdk }) => sdk.getPrompt({ name: 'bridge_greet', arguments: { language: 'en' } }),
  'a prompt with an image': ({ sdk }) => sdk.getPrompt({ name: 'test_prompt_with_image' }),
  'a prompt that there is not': failing(({ sdk }) => sdk.getPrompt({ name: 'bridge_none' })),
  'completions of an argument of a prompt': ({ sdk }) =>
    sdk.complete({
      ref: { type: 'ref/prompt', name: 'bridge_greet' },
      argument: { name: 'language', value: 'e' },
    }),
  'completions of a variable of a template': ({ sdk }) =>
    sdk.complete({
      ref: { type: 'ref/resource', uri: 'bridge://city/{name}' },
      argument: { name: 'name', value: 'Ro' },
    }),
};

const QUESTIONS: Readonly<Record<string, Scenario>> = {
  'a form that is filled': asking('bridge_form', { message: 'Who are you?' }),
  'a form that is declined': asking('bridge_form', { message: 'To be declined' }),
  'a form that is cancelled': asking('bridge_form', { message: 'To be cancelled' }),
  'a form with every kind of enumeration': asking('test_elicitation_sep1330_enums'),
  'a form with defaults': asking('test_elicitation_sep1034_defaults'),
  'a page to be opened': asking('bridge_url'),
  'a question to the model': asking('test_sampling', { prompt: 'What is the capital of France?' }),
  'a question for the roots': asking('test_input_required_result_list_roots'),
  'several questions at once': asking('test_input_required_result_multiple_inputs'),
  'questions in several rounds': asking('test_input_required_result_multi_round'),
  'state that goes round': asking('test_input_required_result_request_state'),
  'a prompt that asks first': async (client) => {
    const before = client.asked.length;
    const result = await client.sdk.getPrompt({ name: 'test_input_required_result_prompt' });
    return { result, asked: client.asked.slice(before) };
  },
};

const BESIDES: Readonly<Record<string, Scenario>> = {
  'the progress of a call': async ({ sdk }) => {
    const steps: unknown[] = [];
    const onprogress = (step: unknown) => void steps.push(step);
    const result = await sdk.callTool({ name: 'test_tool_with_progress' }, { onprogress });
    return { result, steps };
  },
  'log messages of a call that asks for them': async ({ sdk, era, hearing }) => {
    if (era === 'legacy') await sdk.setLoggingLevel('info');
    const asks = era === 'modern' ? { _meta: { [LOG_LEVEL]: 'info' } } : {};
    const result = await sdk.callTool({ name: 'test_tool_with_logging', ...asks });
    await hearing.hears('notifications/message', 3);
    return { result, heard: hearing.heard.map(({ params }) => ({ level: params.level, data: params.data })) };
  },
  'a changed list of tools': async (client) => {
    await client.watch([]);
    const names = async () => (await client.sdk.listTools(undefined, FRESH)).tools.map(({ name }) => name);
    const before = (await names()).includes('test_dynamic_tool');
    await call('test_trigger_tool_change')(client);
    await client.hearing.hears('notifications/tools/list_changed');
    const after = (await names()).includes('test_dynamic_tool');
    await call('test_trigger_tool_change')(client);
    await client.hearing.hears('notifications/tools/list_changed', 2);
    return { changed: before !== after };
  },
  'a changed list of prompts': async (client) => {
    await client.watch([]);
    for (const times of [1, 2]) {
      await call('test_trigger_prompt_change')(client);
      await client.hearing.hears('notifications/prompts/list_changed', times);
    }
    return 'heard twice';
  },
  'the update of a resource': async (client) => {
    await client.watch([WATCHED]);
    await call('test_trigger_resource_update', { uri: 'test://static-text' })(client);
    await call('test_trigger_resource_update', { uri: WATCHED })(client);
    await client.hearing.hears('notifications/resources/updated');
    return client.hearing.heard.map(({ method, params }) => ({ method, uri: params.uri }));
  },
  'a call that is taken back': async (client) => {
    const { promise: begun, resolve: onprogress } = Promise.withResolvers<unknown>();
    const takenBack = async () => {
      const { content } = await client.sdk.callTool({ name: 'bridge_taken' });
      return Number((content[0] as { text: string }).text);
    };
    const before = await takenBack();
    const aborting = new AbortController();
    const ended = client.sdk.callTool({ name: 'bridge_wait' }, { signal: aborting.signal, onprogress }).then(
      () => 'answered',
      () => 'rejected',
    );
    await begun;
    aborting.abort('no longer needed');
    while ((await takenBack()) === before);
    return ended;
  },
};

/** By the name that it has in titles and on the page. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...LISTS,
  ...RESULTS,
  ...QUESTIONS,
  ...BESIDES,
};
