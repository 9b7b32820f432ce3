import { setTimeout as delay } from 'node:timers/promises';
import type { McpServer, ServerContext } from '@modelcontextprotocol/server';
import { inputRequired } from '@modelcontextprotocol/server';
import { textResult } from './text-result.ts';

/** Pause between two notifications of one call, so that they leave in separate writes. */
const STEP_MS = 50;

/** Tools that send something before their result, or that let the stream go before it. */
export function registerStreamingTools(server: McpServer): void {
  server.registerTool(
    'test_tool_with_logging',
    { description: 'Sends three log messages, then answers' },
    async (ctx) => {
      await ctx.mcpReq.log('info', 'Tool execution started');
      await delay(STEP_MS);
      await ctx.mcpReq.log('info', 'Tool processing data');
      await delay(STEP_MS);
      await ctx.mcpReq.log('info', 'Tool execution completed');
      return textResult('Logged three times.');
    },
  );

  server.registerTool(
    'test_logging_tool',
    { description: 'Sends one log message where the request asked for log messages' },
    async (ctx) => {
      await ctx.mcpReq.log('info', 'Log message of test_logging_tool');
      return textResult('Logged if asked to.');
    },
  );

  server.registerTool(
    'test_tool_with_progress',
    { description: 'Reports progress 0, 50 and 100 of 100, then answers' },
    async (ctx) => {
      for (const progress of [0, 50, 100]) {
        await reportProgress(ctx, progress);
        if (progress < 100) await delay(STEP_MS);
      }
      return textResult('Progress reported.');
    },
  );

  server.registerTool(
    'test_reconnection',
    { description: 'Closes the stream of its call before it answers; the client has to resume' },
    async (ctx) => {
      await delay(STEP_MS);
      ctx.http?.closeSSE?.();
      await delay(2 * STEP_MS);
      return textResult('Answered after the stream was closed.');
    },
  );

  registerStreamingElicitation(server);
}

function registerStreamingElicitation(server: McpServer): void {
  server.registerTool(
    'test_streaming_elicitation',
    { description: 'Reports progress where asked to, then asks for input' },
    async (ctx) => {
      await reportProgress(ctx, 0);
      if (ctx.mcpReq.inputResponses) return textResult('Thank you.');
      return inputRequired({
        inputRequests: {
          answer: inputRequired.elicit({
            message: 'Any answer will do',
            requestedSchema: { type: 'object', properties: { answer: { type: 'string' } } },
          }),
        },
      });
    },
  );
}

async function reportProgress(ctx: ServerContext, progress: number): Promise<void> {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await ctx.mcpReq.notify({
    method: 'notifications/progress',
    params: { progressToken, progress, total: 100 },
  });
}
