/** What the parts of a serving thread know of there being several. */
import type { CountingThread } from '../state/shared-counts.ts';
import type { PressureReason } from '../traffic/pressure.ts';
import type { OpenMemories, Ports, SharedMemories } from './messages.ts';

/** What tells one serving thread from the others. */
export interface ServingThread extends CountingThread {
  /** Names its process. */
  readonly replica: string;
  /** Seals where the configuration names no keys. */
  readonly sealingKey: Buffer;
  /** Where all threads find what each has used that may be used once. */
  readonly once: SharedArrayBuffer;
  /** What is open, over all threads. */
  readonly open: OpenMemories;
  /** Tells the process why new work is refused here. */
  readonly onPressure: (reasons: readonly PressureReason[]) => void;
}

/** What threads that serve the same graph share. */
export interface SharedBetweenThreads {
  readonly memories: SharedMemories;
  readonly ports: Ports;
}
