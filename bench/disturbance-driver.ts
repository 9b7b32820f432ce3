/** The process that disturbs, as seen by who drives it. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  DisturbanceJob,
  DisturbanceMessage,
  DisturbanceOrder,
  DisturbanceResult,
} from './disturbance.ts';
import { startPinned } from './pinned-process.ts';

const PROGRAM = fileURLToPath(new URL('disturbance.ts', import.meta.url));

export interface Disturbance extends AsyncDisposable {
  /** Of the upstream that is broken. */
  readonly port: number;
  /** Breaks it and has it called while `work` is done. */
  during<T>(
    job: DisturbanceJob,
    work: () => Promise<T>,
  ): Promise<{ readonly done: T; readonly result: DisturbanceResult }>;
}

/** Starts it on `core`. */
export const startDisturbance = async (core: number, upstreamPort: number): Promise<Disturbance> => {
  const command = [process.execPath, PROGRAM, String(upstreamPort)];
  const pinned = startPinned(core, command, ['ignore', 'inherit', 'inherit', 'ipc']);
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
  return {
    port: (greeting as { readonly port: number }).port,
    during: async (job, work) => {
      await order(job);
      const done = await work();
      const { result } = (await order('end')) as { readonly result: DisturbanceResult };
      return { done, result };
    },
    [Symbol.asyncDispose]: () => pinned[Symbol.asyncDispose](),
  };
};
