/** Runs what an upstream says through an adaptation, and holds what comes out against the client's revision. */
import { adaptationOf } from '../../../../runtime/mcp/bridge/adaptations.ts';
import type { Item } from '../../../../runtime/mcp/catalogue.ts';
import { isRefused, type Message, readMessage } from '../../../../runtime/mcp/message.ts';
import { LEGACY_METHODS, type ListKind } from '../../../../runtime/mcp/method.ts';
import { answerAs, readResponse } from '../../../../runtime/mcp/response.ts';
import { messageFaults, type Revision } from '../../../support/message-schema.ts';

export const adaptation = (client: Revision, upstream: Revision) => {
  const era = upstream === '2026-07-28' ? 'modern' : 'legacy';
  const peer = { protocolVersion: upstream, capabilities: {}, serverInfo: {}, instructions: undefined };
  return adaptationOf({ era: 'legacy', revision: client }, { era, peer });
};

export const requestOf = (method: string, params: object): Message => {
  const value = { jsonrpc: '2.0', id: 1, method, params };
  const read = readMessage(JSON.stringify(value), value, 64);
  if (isRefused(read)) throw read.error;
  return read;
};

/** A tool as an upstream lists it. */
export const toolOf = (value: Readonly<Record<string, unknown>>): Item => ({
  name: 'tool',
  text: JSON.stringify(value),
  value,
  paramHeaders: [],
  uiPaths: [],
});

const checked = (revision: Revision, text: string, answers: string): string => {
  const faults = messageFaults(revision, JSON.parse(text), { from: 'server', answers });
  if (faults.length > 0) throw new Error(`${revision}: ${faults.join('; ')}: ${text}`);
  return text;
};

/** The text of a whole response as the client gets it. */
export const adaptResponse = (
  client: Revision,
  upstream: Revision,
  response: string,
  { method = 'tools/call', tool }: { readonly method?: string; readonly tool?: Item } = {},
): string => {
  const read = readResponse(response, JSON.parse(response));
  const request = requestOf(method, { name: 'tool', uri: 'a://b' });
  const edits = adaptation(client, upstream).responseEdits(read, LEGACY_METHODS.get(method)!, request, tool);
  return checked(client, answerAs(read, '1', edits), method);
};

/** The result of a call as the client gets it, of a result as the upstream wrote it. */
export const adaptResult = (
  client: Revision,
  upstream: Revision,
  result: string,
  options?: Parameters<typeof adaptResponse>[3],
) => {
  const text = adaptResponse(client, upstream, `{"jsonrpc":"2.0","id":7,"result":${result}}`, options);
  return { text, value: JSON.parse(text).result };
};

const LISTED: Readonly<Record<ListKind, readonly [method: string, member: string]>> = {
  tools: ['tools/list', 'tools'],
  prompts: ['prompts/list', 'prompts'],
  resources: ['resources/list', 'resources'],
  resourceTemplates: ['resources/templates/list', 'resourceTemplates'],
};

/** An item of a list as the client gets it. */
export const adaptItem = (client: Revision, upstream: Revision, kind: ListKind, item: string): string => {
  const adapted = adaptation(client, upstream).item(item, JSON.parse(item), kind)!;
  const [method, member] = LISTED[kind];
  checked(client, `{"jsonrpc":"2.0","id":1,"result":{"${member}":[${adapted}]}}`, method);
  return adapted;
};
