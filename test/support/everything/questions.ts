import { inputRequired } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** What the user is asked for by {@link askForName}. */
export const NAME = z.object({ name: z.string() });

/** The input request that several tools share: a form with one field. */
export function askForName(message = 'What is your name?') {
  return inputRequired.elicit({ message, requestedSchema: NAME });
}

/** The input request that several tools share: a completion by the client's model. */
export function askModel(question: string, maxTokens: number) {
  return inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: question } }],
    maxTokens,
  });
}
