/** Notifications that a client got, to be waited for. */
import type { Heard } from './peer.ts';

const DEADLINE_MS = 20_000;

export class Hearing {
  readonly heard: Heard[] = [];
  #waiting: (() => void)[] = [];

  add(heard: Heard): void {
    this.heard.push(heard);
    for (const check of this.#waiting.splice(0)) check();
  }

  async hears(method: string, count = 1): Promise<void> {
    const deadlineMs = performance.now() + DEADLINE_MS;
    while (this.heard.filter((heard) => heard.method === method).length < count) {
      const remainingMs = deadlineMs - performance.now();
      if (remainingMs <= 0) throw new Error(`${method} was not heard ${count} times`);
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, remainingMs);
      this.#waiting.push(resolve);
      await promise;
      clearTimeout(timer);
    }
  }
}

/** What a client is told without having asked, and log messages. */
export const NOTIFICATIONS = [
  'notifications/message',
  'notifications/resources/updated',
  'notifications/resources/list_changed',
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
] as const;
