/** What a gateway and its child processes said to each other, recorded by a wrapper around each child. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Side } from './message-schema.ts';
import { Conversation, WireRecord } from './wire-conversation.ts';

export interface StdioRecord {
  /** The command of an upstream, run under the wrapper. */
  command(...command: readonly string[]): string[];
  /** What was said up to now, with what was wrong with the gateway's part of it. */
  read(): WireRecord;
  /** Throws if the gateway broke the protocol. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const RECORDER = fileURLToPath(import.meta.resolve('./stdio-recorder.ts'));

/** Starts a record; its file lies in a folder of its own and is removed by `close`. */
export const recordStdio = async (): Promise<StdioRecord> => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-stdio-'));
  const file = join(folder, 'messages');
  const read = (): WireRecord => {
    const record = new WireRecord(['client']);
    const conversations = new Map<number, Conversation>();
    const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // The last line may be on its way.
    for (const line of written.split('\n').slice(0, -1)) {
      const heard = JSON.parse(line) as { process: number; from: Side; text: string };
      // Both eras may be spoken over one pipe: what states no revision is legacy once initialize was answered.
      const conversation = conversations.get(heard.process) ?? new Conversation(record, '2026-07-28');
      conversations.set(heard.process, conversation);
      conversation.say(heard.from, heard.text, 'stdio');
    }
    return record;
  };
  const close = async (): Promise<void> => {
    const record = read();
    await rm(folder, { recursive: true, force: true });
    record.verify();
  };
  return {
    command: (...command) => [process.execPath, RECORDER, file, ...command],
    read,
    close,
    [Symbol.asyncDispose]: close,
  };
};
