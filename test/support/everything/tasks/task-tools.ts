import { setTimeout as delay } from 'node:timers/promises';
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { textResult } from '../text-result.ts';
import type { TaskRun, TaskWork } from './task-store.ts';

/** A tool of the suite's tasks scenarios. */
export interface TaskTool {
  /** Whether it runs as a task only. */
  readonly required: boolean;
  /** Makes the work of one call; or first asks, which is answered before there is a task. */
  readonly start: (args: Arguments, responses: Arguments | undefined) => TaskWork | { readonly ask: object };
}

type Arguments = Readonly<Record<string, unknown>>;

const elicit = (message: string, properties: object) => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema: { type: 'object', properties } },
});

const contentOf = (response: unknown): Arguments =>
  ((response as { content?: Arguments } | undefined)?.content ?? {}) as Arguments;

const compute = async (seconds: number, signal: AbortSignal) => {
  await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
  return textResult(`Computed for ${seconds} seconds.`);
};

const confirmDelete = (filename: string) => async (task: TaskRun) => {
  const answers = await task.ask({
    confirm: elicit(`Delete ${filename}?`, { confirm: { type: 'boolean' } }),
  });
  return textResult(`${filename}: ${JSON.stringify(contentOf(answers.confirm))}`);
};

const multiInput = async (task: TaskRun) => {
  const answers = await task.ask({
    first: elicit('First?', { value: { type: 'string' } }),
    second: elicit('Second?', { value: { type: 'string' } }),
  });
  return textResult(JSON.stringify([contentOf(answers.first), contentOf(answers.second)]));
};

export const TASK_TOOLS: Readonly<Record<string, TaskTool>> = {
  slow_compute: {
    required: false,
    start:
      ({ seconds }) =>
      ({ signal }) =>
        compute(Number(seconds), signal),
  },
  failing_job: {
    required: true,
    start: () => async () => {
      await delay(200);
      return { content: [{ type: 'text', text: 'The job failed.' }], isError: true };
    },
  },
  protocol_error_job: {
    required: false,
    start: () => async () => {
      await delay(50);
      throw new Error('the job crashed');
    },
  },
  confirm_delete: { required: false, start: ({ filename }) => confirmDelete(String(filename)) },
  multi_input: { required: false, start: () => multiInput },
  test_tool_with_task: {
    required: true,
    start: (_args, responses) => {
      const name = contentOf(responses?.user_name).name;
      if (name === undefined)
        return { ask: { user_name: elicit('What is your name?', { name: { type: 'string' } }) } };
      return () => Promise.resolve(textResult(`Hello, ${String(name)}, from a task!`));
    },
  },
};

const SCHEMAS: Readonly<Record<string, z.ZodObject>> = {
  slow_compute: z.object({ seconds: z.number(), label: z.string().optional() }),
  confirm_delete: z.object({ filename: z.string() }),
};

/** Lists the tools; without the tasks extension those that need not be tasks run in the call itself. */
export function registerTaskTools(server: McpServer): void {
  const greet = { description: 'Greets at once', inputSchema: z.object({ name: z.string() }) };
  server.registerTool('greet', greet, ({ name }) => textResult(`Hello, ${name}!`));
  for (const [name, tool] of Object.entries(TASK_TOOLS)) {
    const inputSchema = SCHEMAS[name] ?? z.object({});
    const config = { description: 'Runs as a task where tasks are spoken', inputSchema };
    server.registerTool(name, config, async (args) => {
      const work = tool.start(args as Arguments, undefined);
      if (name !== 'slow_compute' || typeof work !== 'function')
        return { content: [{ type: 'text' as const, text: 'This tool needs tasks.' }], isError: true };
      return compute(Number((args as Arguments).seconds), new AbortController().signal);
    });
  }
}
