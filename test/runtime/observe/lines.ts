import type { LineDestination } from '../../../runtime/observe/destination.ts';

/** A destination that keeps what it is given. */
export interface KeptLines extends LineDestination {
  readonly text: string;
  /** Each line as the JSON that it must be. */
  parsed(): Record<string, unknown>[];
}

export const keepLines = (): KeptLines => {
  let text = '';
  return {
    write: (lines) => {
      text += lines;
    },
    flushSync: () => undefined,
    close: () => undefined,
    dropped: 0,
    get text() {
      return text;
    },
    parsed: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
  };
};
