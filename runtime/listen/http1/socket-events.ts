/** What a socket tells its connection. */
import type { Socket } from 'node:net';

export interface SocketTarget {
  /** Whatever of it is kept has to be copied. */
  receive(chunk: Buffer): void;
  /** The client sends nothing more. */
  left(): void;
  /** It can be written to again. */
  drained(): void;
  /** Nothing has gone on for as long as was asked. */
  stalled(): void;
  /** It has ended. */
  closed(): void;
}

const TARGET = Symbol('target');
const IS_DETACHED = Symbol('detached');

interface Carrier extends Socket {
  [TARGET]?: SocketTarget;
  [IS_DETACHED]?: boolean;
}

// Shared by all sockets, where a closure for each would be held as long as it.
function onData(this: Carrier, chunk: Buffer): void {
  this[TARGET]!.receive(chunk);
}

function onEnd(this: Carrier): void {
  this[TARGET]!.left();
}

function onDrain(this: Carrier): void {
  this[TARGET]!.drained();
}

function onTimeout(this: Carrier): void {
  this[TARGET]!.stalled();
}

function onClose(this: Carrier): void {
  this[TARGET]!.closed();
}

/** Told of what its socket has read into memory that is shared. False: it is to read no more for now. */
export function receiveShared(this: Carrier, count: number, bytes: Buffer): boolean {
  const chunk = bytes.subarray(0, count);
  if (this[IS_DETACHED] === true) return this.push(Buffer.from(chunk));
  this[TARGET]!.receive(chunk);
  return true;
}

const ignore = (): void => undefined;

/** From here on `target` is told. */
export const attach = (socket: Socket, target: SocketTarget): void => {
  (socket as Carrier)[TARGET] = target;
  socket
    .on('data', onData)
    .on('end', onEnd)
    .on('drain', onDrain)
    .on('timeout', onTimeout)
    .on('close', onClose)
    .on('error', ignore);
};

/** From here on another reads and writes: only of stalls and of the end is told yet. */
export const detach = (socket: Socket): void => {
  (socket as Carrier)[IS_DETACHED] = true;
  socket.off('data', onData).off('end', onEnd).off('drain', onDrain);
};
