/** Where peers come in. */
import type { Socket } from 'node:net';

export interface Door {
  /** From now on takes connections, and hands on those of peers. Rejects with the system's error. */
  open(onPeer: (socket: Socket) => void): Promise<void>;
  /** Takes no more; those of whom it is not known who they are are cut off. */
  close(): void;
}
