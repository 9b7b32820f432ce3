import type { McpServer, ServerContext } from '@modelcontextprotocol/server';
import { acceptedContent, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { askForName, askModel, NAME } from './questions.ts';
import type { RoundState, RoundStateCodec } from './request-state.ts';
import { textResult } from './text-result.ts';

const COLOR = z.object({ color: z.string() });
const CONFIRMATION = z.object({ ok: z.boolean() });

/** Tools that keep signed state between rounds of input (MCP 2026-07-28, basic/patterns/mrtr). */
export function registerRequestStateTools(server: McpServer, codec: RoundStateCodec): void {
  registerConfirmation(server, codec, 'test_input_required_result_request_state');
  registerConfirmation(server, codec, 'test_input_required_result_tampered_state');
  registerMultipleInputs(server, codec);
  registerMultiRound(server, codec);
}

function registerConfirmation(server: McpServer, codec: RoundStateCodec, tool: string): void {
  server.registerTool(tool, { description: 'Asks for a confirmation under a signed state' }, async (ctx) => {
    const confirmed = acceptedContent(ctx.mcpReq.inputResponses, 'confirm', CONFIRMATION);
    if (confirmed && reachedRound(ctx, tool) === 1) return textResult('state-ok');
    return inputRequired({
      inputRequests: {
        confirm: inputRequired.elicit({ message: 'Please confirm', requestedSchema: CONFIRMATION }),
      },
      requestState: await codec.mint({ tool, round: 1 }),
    });
  });
}

function registerMultipleInputs(server: McpServer, codec: RoundStateCodec): void {
  const tool = 'test_input_required_result_multiple_inputs';
  server.registerTool(tool, { description: 'Asks for three kinds of input at once' }, async (ctx) => {
    const responses = ctx.mcpReq.inputResponses;
    const name = acceptedContent(responses, 'user_name', NAME);
    const greeting = inputResponse(responses, 'greeting');
    const roots = inputResponse(responses, 'client_roots');
    if (reachedRound(ctx, tool) === 1 && name && greeting.kind === 'sampling' && roots.kind === 'roots') {
      const said = JSON.stringify(greeting.result.content);
      return textResult(`${name.name}: ${said}, ${roots.roots.length} root(s)`);
    }
    return inputRequired({
      inputRequests: {
        user_name: askForName(),
        greeting: askModel('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await codec.mint({ tool, round: 1 }),
    });
  });
}

function registerMultiRound(server: McpServer, codec: RoundStateCodec): void {
  const tool = 'test_input_required_result_multi_round';
  server.registerTool(tool, { description: 'Asks twice, one question after the other' }, async (ctx) => {
    const responses = ctx.mcpReq.inputResponses;
    const round = reachedRound(ctx, tool);
    const color = acceptedContent(responses, 'step2', COLOR);
    if (round === 2 && color) return textResult(`Your colour is ${color.color}.`);
    if (round === 2 || (round === 1 && acceptedContent(responses, 'step1', NAME))) {
      const message = 'Step 2: What is your favorite color?';
      return inputRequired({
        inputRequests: { step2: inputRequired.elicit({ message, requestedSchema: COLOR }) },
        requestState: await codec.mint({ tool, round: 2 }),
      });
    }
    return inputRequired({
      inputRequests: { step1: askForName('Step 1: What is your name?') },
      requestState: await codec.mint({ tool, round: 1 }),
    });
  });
}

/** The round this tool's state attests, 0 without one; its signature was verified before the handler ran. */
function reachedRound(ctx: ServerContext, tool: string): number {
  const state = ctx.mcpReq.requestState<RoundState>();
  return state?.tool === tool ? state.round : 0;
}
