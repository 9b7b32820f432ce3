/** What signals mean to a serving process. */
import { closeSync, openSync } from 'node:fs';

/**
 * A terminal sends its signal to every process of the group, and a parent such as npm passes its own on at once: the
 * same Ctrl-C can arrive more than once. What follows this soon is no second wish; nobody wishes twice so quickly.
 */
const ECHO_MS = 100;

interface SignalActions {
  /** SIGTERM, SIGINT, or SIGHUP of a terminal that is gone: end in order. Called once. */
  readonly stop: (signal: NodeJS.Signals) => void;
  /** A second signal: end now. */
  readonly force: () => void;
  /** SIGHUP: load the configuration again. */
  readonly reload: () => void;
}

const hasTerminal = (): boolean => {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
};

/** Left alone, Node.js opens its debugger at SIGUSR1: a port at which any user of this machine could run code here. */
const takeNoNotice = (): void => undefined;

/** Listens until the returned function is called. */
export const listenToSignals = ({ stop, force, reload }: SignalActions): (() => void) => {
  const startedInTerminal = hasTerminal();
  let stoppedAtMs: number | undefined;
  const end = (signal: NodeJS.Signals) => {
    if (stoppedAtMs === undefined) {
      stop(signal);
      // After it, so that what came while it kept this thread is not taken for late.
      stoppedAtMs = performance.now();
    } else if (performance.now() - stoppedAtMs >= ECHO_MS) force();
  };
  const hangUp = (signal: NodeJS.Signals) => {
    if (startedInTerminal && !hasTerminal()) end(signal);
    else if (stoppedAtMs === undefined) reload();
  };
  process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', hangUp).on('SIGUSR1', takeNoNotice);
  return () => {
    process.off('SIGTERM', end).off('SIGINT', end).off('SIGHUP', hangUp).off('SIGUSR1', takeNoNotice);
  };
};
