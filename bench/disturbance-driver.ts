/** The process that disturbs, as seen by who drives it. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  DisturbanceJob,
  DisturbanceMessage,
  DisturbanceOrder,
  DisturbanceResult,
} from './disturbance.ts';
import { printedPort, startPinned } from './pinned-process.ts';

const programFile = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export interface Disturbance extends AsyncDisposable {
  /** Of the upstream that is broken. */
  readonly port: number;
  /** Breaks it and has it called while `work` is done. */
  during<T>(
    job: DisturbanceJob,
    work: () => Promise<T>,
  ): Promise<{ readonly done: T; readonly result: DisturbanceResult }>;
}

/** A program that has what others leave of a core (SCHED_IDLE). */
const leftOver = (file: string): readonly string[] => [
  'chrt',
  '--idle',
  '0',
  process.execPath,
  programFile(file),
];

/**
 * Starts it on `core`, with an upstream of its own and whatever time those who measure leave: what it costs to make faults
 * must not be taken for what they cost others.
 */
export const startDisturbance = async (core: number): Promise<Disturbance> => {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(startPinned(core, leftOver('upstream.ts'), ['ignore', 'pipe', 'inherit']));
  const command = [...leftOver('disturbance.ts'), String(await printedPort(upstream))];
  const pinned = stack.use(startPinned(core, command, ['ignore', 'inherit', 'inherit', 'ipc']));
  const lost = pinned.ended.then((): never => {
    throw new Error('the process that disturbs ended');
  });
  lost.catch(() => {});
  const next = async (): Promise<Exclude<DisturbanceMessage, { readonly error: string }>> => {
    const [message] = (await Promise.race([once(pinned.child, 'message'), lost])) as [DisturbanceMessage];
    if (typeof message === 'object' && 'error' in message) throw new Error(message.error);
    return message;
  };
  const order = async (told: DisturbanceOrder): ReturnType<typeof next> => {
    const answer = next();
    pinned.child.send(told);
    return await answer;
  };
  const greeting = await next();
  const started = stack.move();
  return {
    port: (greeting as { readonly port: number }).port,
    during: async (job, work) => {
      await order(job);
      const done = await work();
      const { result } = (await order('end')) as { readonly result: DisturbanceResult };
      return { done, result };
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
};
