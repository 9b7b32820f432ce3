import type { CallToolResult, McpServer, ServerContext } from '@modelcontextprotocol/server';
import { acceptedContent, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { RoundState, RoundStateCodec } from './request-state.ts';

const NAME = z.object({ name: z.string() });
const COLOR = z.object({ color: z.string() });
const CONFIRMATION = z.object({ ok: z.boolean() });

/** Tools that need one or several rounds of input (MCP 2026-07-28, basic/patterns/mrtr). */
export function registerInputRequiredTools(server: McpServer, codec: RoundStateCodec): void {
  registerSingleRequestTools(server);
  registerStatefulTools(server, codec);

  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only for kinds of input the client declared' },
    (ctx) => {
      if (ctx.mcpReq.inputResponses) return text('Thank you.');
      const declared = server.server.getClientCapabilities();
      if (declared?.sampling) return inputRequired({ inputRequests: { greeting: askForGreeting(100) } });
      if (declared?.elicitation) return inputRequired({ inputRequests: { user_name: askForName() } });
      return text('The client declared nothing that could be asked for.');
    },
  );
}

function registerSingleRequestTools(server: McpServer): void {
  server.registerTool(
    'test_input_required_result_elicitation',
    { description: 'Asks for a name and greets' },
    (ctx) => {
      const answer = acceptedContent(ctx.mcpReq.inputResponses, 'user_name', NAME);
      if (answer) return text(`Hello, ${answer.name}!`);
      return inputRequired({ inputRequests: { user_name: askForName() } });
    },
  );

  server.registerTool(
    'test_input_required_result_sampling',
    { description: 'Asks the model of the client for a capital' },
    (ctx) => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'capital_question');
      if (answer.kind === 'sampling') return text(JSON.stringify(answer.result.content));
      const question = { type: 'text', text: 'What is the capital of France?' } as const;
      return inputRequired({
        inputRequests: {
          capital_question: inputRequired.createMessage({
            messages: [{ role: 'user', content: question }],
            maxTokens: 100,
          }),
        },
      });
    },
  );

  server.registerTool(
    'test_input_required_result_list_roots',
    { description: 'Asks for the roots of the client' },
    (ctx) => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'client_roots');
      if (answer.kind === 'roots') return text(answer.roots.map((root) => root.uri).join(', '));
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  );
}

function registerStatefulTools(server: McpServer, codec: RoundStateCodec): void {
  for (const tool of [
    'test_input_required_result_request_state',
    'test_input_required_result_tampered_state',
  ]) {
    server.registerTool(
      tool,
      { description: 'Asks for a confirmation under a signed state' },
      async (ctx) => {
        const confirmed = acceptedContent(ctx.mcpReq.inputResponses, 'confirm', CONFIRMATION);
        if (confirmed && stateOf(ctx)?.tool === tool) return text('state-ok');
        return inputRequired({
          inputRequests: {
            confirm: inputRequired.elicit({ message: 'Please confirm', requestedSchema: CONFIRMATION }),
          },
          requestState: await codec.mint({ tool, round: 1 }),
        });
      },
    );
  }

  const multipleInputs = 'test_input_required_result_multiple_inputs';
  server.registerTool(
    multipleInputs,
    { description: 'Asks for three kinds of input at once' },
    async (ctx) => {
      const responses = ctx.mcpReq.inputResponses;
      const name = acceptedContent(responses, 'user_name', NAME);
      const greeting = inputResponse(responses, 'greeting');
      const roots = inputResponse(responses, 'client_roots');
      if (
        name &&
        greeting.kind === 'sampling' &&
        roots.kind === 'roots' &&
        stateOf(ctx)?.tool === multipleInputs
      ) {
        return text(
          `${name.name}: ${JSON.stringify(greeting.result.content)}, ${roots.roots.length} root(s)`,
        );
      }
      return inputRequired({
        inputRequests: {
          user_name: askForName(),
          greeting: askForGreeting(50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await codec.mint({ tool: multipleInputs, round: 1 }),
      });
    },
  );

  const multiRound = 'test_input_required_result_multi_round';
  server.registerTool(
    multiRound,
    { description: 'Asks twice, one question after the other' },
    async (ctx) => {
      const state = stateOf(ctx);
      const round = state?.tool === multiRound ? state.round : 0;
      const color = acceptedContent(ctx.mcpReq.inputResponses, 'step2', COLOR);
      if (round === 2 && color) return text(`Your colour is ${color.color}.`);
      if (round === 2 || (round === 1 && acceptedContent(ctx.mcpReq.inputResponses, 'step1', NAME))) {
        const message = 'Step 2: What is your favorite color?';
        return inputRequired({
          inputRequests: { step2: inputRequired.elicit({ message, requestedSchema: COLOR }) },
          requestState: await codec.mint({ tool: multiRound, round: 2 }),
        });
      }
      return inputRequired({
        inputRequests: {
          step1: inputRequired.elicit({ message: 'Step 1: What is your name?', requestedSchema: NAME }),
        },
        requestState: await codec.mint({ tool: multiRound, round: 1 }),
      });
    },
  );
}

/** The state of this round; its signature was verified before the handler ran. */
function stateOf(ctx: ServerContext): RoundState | undefined {
  return ctx.mcpReq.requestState<RoundState>();
}

function askForName() {
  return inputRequired.elicit({ message: 'What is your name?', requestedSchema: NAME });
}

function askForGreeting(maxTokens: number) {
  return inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: 'Generate a greeting' } }],
    maxTokens,
  });
}

function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] };
}
