/** Calls that are asked for input, and their retries, by a client that does exactly what a test tells it to. */
import { type ModernAnswer, type ModernOptions, modernRequest } from './modern-client.ts';

export interface Asked {
  readonly inputRequests: Readonly<Record<string, { readonly method: string; readonly params?: never }>>;
  readonly requestState: string;
}

/** Declares all that can be asked. */
export const ABLE = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };

/** The answer to a form that asks for a name. */
export const named = (name: string) => ({ action: 'accept', content: { name } });

/** A request of a client that can be asked everything. */
export const ableRequest = (
  url: string,
  method: string,
  params: object,
  options: ModernOptions = {},
): Promise<ModernAnswer> => modernRequest(url, method, params, { capabilities: ABLE, ...options });

export const ableCall = (
  url: string,
  name: string,
  args: object = {},
  options: ModernOptions = {},
): Promise<ModernAnswer> => ableRequest(url, 'tools/call', { name, arguments: args }, options);

/** What an answer asks for. Throws if it asks for nothing. */
export const askedBy = ({ text, body }: ModernAnswer): Asked => {
  if (body.result?.resultType !== 'input_required') throw new Error(`nothing is asked: ${text}`);
  return body.result;
};

/** The keys of what is asked, in order. */
export const keysOf = (asked: Asked): string[] => Object.keys(asked.inputRequests);

/** The messages that the user is shown, in order. */
export const messagesOf = (asked: Asked): string[] =>
  Object.values(asked.inputRequests).map(
    ({ params }) => (params as { message: string } | undefined)?.message ?? '',
  );

/** The same call again, with answers by key. */
export const retryCall = (
  url: string,
  name: string,
  args: object,
  { requestState }: Pick<Asked, 'requestState'>,
  inputResponses: object,
  options: ModernOptions = {},
): Promise<ModernAnswer> =>
  ableRequest(
    url,
    'tools/call',
    { name, arguments: args, inputResponses, requestState },
    { id: 'again', ...options },
  );

/** Every question answered alike. */
export const answersTo = (asked: Asked, answer: object): Record<string, object> =>
  Object.fromEntries(keysOf(asked).map((key) => [key, answer]));

/** The text of a tool's result, parsed. */
export const outcomeOf = ({ text, body }: ModernAnswer): unknown => {
  if (body.result?.content === undefined) throw new Error(`no result of a tool: ${text}`);
  const { text: said } = body.result.content[0];
  try {
    return JSON.parse(said);
  } catch {
    return said;
  }
};
