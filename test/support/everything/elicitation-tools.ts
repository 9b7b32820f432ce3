import type { McpServer, ServerContext } from '@modelcontextprotocol/server';
import { inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { askModel } from './questions.ts';
import { textResult } from './text-result.ts';

type ElicitParams = Parameters<typeof inputRequired.elicit>[0];

/**
 * Tools that ask the client once. They return `input_required`; towards a client with a session the SDK
 * turns that into real `elicitation/create` and `sampling/createMessage` requests.
 */
export function registerElicitationTools(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'Asks the client for a completion', inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, ctx) => askForCompletion(ctx, prompt),
  );

  server.registerTool(
    'test_missing_capability',
    { description: 'Needs a client that can do sampling' },
    (ctx) => askForCompletion(ctx, 'Say anything'),
  );

  server.registerTool(
    'test_elicitation',
    {
      description: 'Asks the user for a name and an address',
      inputSchema: z.object({ message: z.string() }),
    },
    ({ message }, ctx) =>
      elicitOnce(ctx, 'User response', {
        message,
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          required: ['username', 'email'],
        },
      }),
  );

  server.registerTool(
    'test_elicitation_sep1034_defaults',
    { description: 'Asks for one value of each primitive type, each with a default' },
    (ctx) =>
      elicitOnce(ctx, 'Elicitation completed', {
        message: 'Please review the defaults',
        requestedSchema: {
          type: 'object',
          properties: {
            name: { type: 'string', default: 'John Doe' },
            age: { type: 'integer', default: 30 },
            score: { type: 'number', default: 95.5 },
            status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
            verified: { type: 'boolean', default: true },
          },
        },
      }),
  );

  server.registerTool(
    'test_elicitation_sep1330_enums',
    { description: 'Asks for one value of each kind of enumeration' },
    (ctx) =>
      elicitOnce(ctx, 'Elicitation completed', { message: 'Please choose', requestedSchema: enumSchema() }),
  );
}

function enumSchema(): ElicitParams['requestedSchema'] {
  const values = ['option1', 'option2', 'option3'];
  return {
    type: 'object',
    properties: {
      untitledSingle: { type: 'string', enum: values },
      titledSingle: { type: 'string', oneOf: titled('Option') },
      legacyEnum: {
        type: 'string',
        enum: ['opt1', 'opt2', 'opt3'],
        enumNames: ['Option One', 'Option Two', 'Option Three'],
      },
      untitledMulti: { type: 'array', items: { type: 'string', enum: values } },
      titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
    },
  };
}

function titled(noun: string): { const: string; title: string }[] {
  return ['First', 'Second', 'Third'].map((ordinal, index) => ({
    const: `value${index + 1}`,
    title: `${ordinal} ${noun}`,
  }));
}

function elicitOnce(ctx: ServerContext, label: string, params: ElicitParams) {
  const answer = inputResponse(ctx.mcpReq.inputResponses, 'answer');
  if (answer.kind !== 'elicit') {
    return inputRequired({ inputRequests: { answer: inputRequired.elicit(params) } });
  }
  return textResult(`${label}: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
}

function askForCompletion(ctx: ServerContext, prompt: string) {
  const answer = inputResponse(ctx.mcpReq.inputResponses, 'completion');
  if (answer.kind === 'sampling') return textResult(`LLM response: ${JSON.stringify(answer.result.content)}`);
  return inputRequired({ inputRequests: { completion: askModel(prompt, 100) } });
}
