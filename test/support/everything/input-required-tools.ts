import type { McpServer } from '@modelcontextprotocol/server';
import { acceptedContent, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { askForName, askModel, NAME } from './questions.ts';
import { textResult } from './text-result.ts';

/** Tools that need one round of input and keep no state (MCP 2026-07-28, basic/patterns/mrtr). */
export function registerInputRequiredTools(server: McpServer): void {
  server.registerTool(
    'test_input_required_result_elicitation',
    { description: 'Asks for a name and greets' },
    (ctx) => {
      const answer = acceptedContent(ctx.mcpReq.inputResponses, 'user_name', NAME);
      if (answer) return textResult(`Hello, ${answer.name}!`);
      return inputRequired({ inputRequests: { user_name: askForName() } });
    },
  );

  server.registerTool(
    'test_input_required_result_sampling',
    { description: 'Asks the model of the client for a capital' },
    (ctx) => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'capital_question');
      if (answer.kind === 'sampling') return textResult(JSON.stringify(answer.result.content));
      return inputRequired({
        inputRequests: { capital_question: askModel('What is the capital of France?', 100) },
      });
    },
  );

  server.registerTool(
    'test_input_required_result_list_roots',
    { description: 'Asks for the roots of the client' },
    (ctx) => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'client_roots');
      if (answer.kind === 'roots') return textResult(answer.roots.map((root) => root.uri).join(', '));
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  );

  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only for kinds of input the client declared' },
    (ctx) => {
      if (ctx.mcpReq.inputResponses) return textResult('Thank you.');
      const declared = server.server.getClientCapabilities();
      if (declared?.sampling) {
        return inputRequired({ inputRequests: { greeting: askModel('Generate a greeting', 100) } });
      }
      if (declared?.elicitation) return inputRequired({ inputRequests: { user_name: askForName() } });
      return textResult('The client declared nothing that could be asked for.');
    },
  );
}
