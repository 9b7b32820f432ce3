/** Callers of 2026-07-28. */
import { ABLE } from '../support/asking.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { ask, outcomeOf, type Reply, type Request } from './ask.ts';
import type { Caller, World } from './caller.ts';
import { ANSWERED, type Outcome } from './outcome.ts';
import { between } from './random.ts';

interface ToolCall {
  readonly name: string;
  readonly args: object;
  readonly more?: object;
  readonly meta?: object;
  readonly capabilities?: object;
  readonly cancelAfterMs?: number;
}

const requestOf = ({ name, args, more, meta, capabilities, cancelAfterMs }: ToolCall): Request => {
  const params = { name, arguments: args, ...more };
  const options = {
    ...(meta === undefined ? {} : { meta }),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
  return {
    headers: modernHeaders('tools/call', params, options),
    body: modernBody('tools/call', params, options),
    ...(cancelAfterMs === undefined ? {} : { cancelAfterMs }),
  };
};

const callTool = (world: World, server: string, call: ToolCall): Promise<Reply> =>
  ask(world.url(server), world.agent, requestOf(call));

const textOf = (result: unknown): string =>
  String((result as { content?: readonly { readonly text?: string }[] }).content?.[0]?.text);

const numberOf = (world: World): number => between(world.random, 0, 1e9);

const echoes =
  (server: string) =>
  (world: World): { readonly run: () => Promise<Outcome> } => ({
    run: async () => {
      const number = numberOf(world);
      const reply = await callTool(world, server, { name: 'echo', args: { number } });
      return outcomeOf(reply, (result) => textOf(result).includes(`"number":${number}`));
    },
  });

const streams = (world: World): { readonly run: () => Promise<Outcome> } => ({
  run: async () => {
    const number = numberOf(world);
    const meta = { progressToken: `p${number}` };
    const reply = await callTool(world, 'steady', { name: 'stream', args: { number }, meta });
    const isTold = reply.messages.some(({ params }) => params?.progressToken === meta.progressToken);
    return outcomeOf(reply, (result) => isTold && textOf(result).includes(`"number":${number}`));
  },
});

const cancels = (world: World): { readonly run: () => Promise<Outcome> } => ({
  run: async () => {
    const cancelAfterMs = between(world.random, 1, 80);
    const reply = await callTool(world, 'steady', { name: 'slow', args: { ms: 1_500 }, cancelAfterMs });
    return reply.status === 0
      ? ANSWERED
      : { kind: 'wrong', what: `${reply.status} ${reply.text.slice(0, 300)}` };
  },
});

const lists = (world: World): { readonly run: () => Promise<Outcome> } => ({
  run: async () => {
    const request = {
      headers: modernHeaders('tools/list', {}, {}),
      body: modernBody('tools/list'),
    };
    const reply = await ask(world.url('steady'), world.agent, request);
    return outcomeOf(reply, (result) => (result as { tools: readonly unknown[] }).tools.length === 3);
  },
});

/** Is asked for a name, and answers in a second call. One that is cut between them leaves a parked call behind. */
const orders = (world: World): { readonly run: () => Promise<Outcome> } => ({
  run: async () => {
    const order = { name: 'order', args: { item: 'tea' }, capabilities: ABLE };
    const first = await callTool(world, 'asking', order);
    const asked = first.messages.at(-1)?.result;
    if (asked?.resultType !== 'input_required') return outcomeOf(first, () => false);
    const answer = { action: 'accept', content: { name: 'Ada' } };
    const keys = Object.keys(asked.inputRequests);
    const inputResponses = Object.fromEntries(keys.map((key) => [key, answer]));
    const more = { requestState: asked.requestState, inputResponses };
    const second = await callTool(world, 'asking', { ...order, more });
    return outcomeOf(second, (result) => textOf(result).includes('Ada'));
  },
});

export const MODERN_CALLERS: readonly Caller[] = [
  {
    name: 'call, steady upstream',
    count: 4,
    pauseMs: 60,
    excuses: { during: ['thread killed'] },
    open: echoes('steady'),
  },
  {
    name: 'call under a policy, steady upstream',
    count: 1,
    pauseMs: 60,
    excuses: { during: ['thread killed'] },
    open: echoes('judged'),
  },
  {
    name: 'call under a limit, steady upstream',
    count: 2,
    pauseMs: 120,
    excuses: { codes: ['rate_limited'], during: ['thread killed'] },
    open: echoes('limited'),
  },
  {
    name: 'streamed call, steady upstream',
    count: 2,
    pauseMs: 100,
    excuses: { during: ['thread killed'] },
    open: streams,
  },
  {
    name: 'cancelled call, steady upstream',
    count: 2,
    pauseMs: 150,
    excuses: { during: ['thread killed'] },
    open: cancels,
  },
  {
    name: 'list, steady upstream',
    count: 1,
    pauseMs: 200,
    excuses: { during: ['thread killed'] },
    open: lists,
  },
  {
    name: 'call, shaky upstream',
    count: 3,
    pauseMs: 80,
    excuses: { codes: 'any', during: ['thread killed'] },
    open: echoes('shaky'),
  },
  {
    name: 'call, stdio upstream',
    count: 2,
    pauseMs: 80,
    excuses: { codes: 'any', during: ['thread killed'] },
    open: echoes('child'),
  },
  {
    name: 'call that is asked, legacy upstream',
    count: 2,
    pauseMs: 200,
    excuses: { codes: 'any', during: ['thread killed'] },
    open: orders,
  },
];
