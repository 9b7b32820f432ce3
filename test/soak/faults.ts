/** The faults: how each begins and how it ends. */
import type { Disk } from './disk.ts';
import type { FaultName } from './fault-names.ts';
import type { GatewayProcess } from './gateway-process.ts';
import type { Store } from './store.ts';
import type { UpstreamProcess } from './upstream-process.ts';

/** What faults are done to. */
export interface Victims {
  readonly gateway: GatewayProcess;
  readonly shaky: UpstreamProcess;
  readonly asking: UpstreamProcess;
  readonly store: Store | undefined;
  readonly disk: Disk;
  /** Writes the configuration of that variant, or text that is none. */
  readonly write: (variant: number | 'broken' | 'impossible') => Promise<void>;
}

export interface Fault {
  /** `choice` is a number in [0, 1) that decides what is to be chosen. */
  readonly begin: (victims: Victims, choice: number) => void | Promise<void>;
  readonly end?: (victims: Victims) => void | Promise<void>;
}

const FAILED = 500;

/** Loads the configuration and holds the answer to what is expected. */
const expectReload = async (gateway: GatewayProcess, wanted: number): Promise<void> => {
  const { status, text } = await gateway.reload();
  if (status !== wanted) throw new Error(`a reload was answered ${status}: ${text}`);
};

/**
 * As one that is applied. Where no thread is alive the reload brings one itself, and fails with that if it is killed,
 * too; then it is asked for once more.
 */
const expectApplied = async (gateway: GatewayProcess): Promise<void> => {
  const { status, text } = await gateway.reload();
  if (status === FAILED && JSON.parse(text).error === 'the thread ended') await expectReload(gateway, 200);
  else if (status !== 200) throw new Error(`a reload was answered ${status}: ${text}`);
};

const JUMPS = ['+1h', '-1h', '+1d', '-30', '+90'];

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'upstream killed': { begin: ({ shaky }) => shaky.kill(), end: ({ shaky }) => shaky.resume() },
  'upstream halted': { begin: ({ shaky }) => shaky.halt(), end: ({ shaky }) => shaky.go() },
  'asking upstream killed': { begin: ({ asking }) => asking.kill(), end: ({ asking }) => asking.resume() },
  'stdio child killed': {
    begin: ({ gateway }, choice) => {
      const children = gateway.children();
      const victim = children[Math.floor(choice * children.length)];
      if (victim !== undefined) process.kill(victim, 'SIGKILL');
    },
  },
  'thread killed': { begin: ({ gateway }, choice) => gateway.killThread(Math.floor(choice * 1_000)) },
  'store stopped': { begin: ({ store }) => store?.kill(), end: ({ store }) => store?.resume() },
  'store halted': { begin: ({ store }) => store?.halt(), end: ({ store }) => store?.go() },
  'disk full': { begin: ({ disk }) => disk.fill(), end: ({ disk }) => disk.free() },
  'clock jump': {
    begin: ({ gateway }, choice) => gateway.setClock(JUMPS[Math.floor(choice * JUMPS.length)]!),
    end: ({ gateway }) => gateway.setClock('+0'),
  },
  reload: {
    begin: async ({ gateway, write }, choice) => {
      await write(Math.floor(choice * 1_000));
      await expectApplied(gateway);
    },
  },
  'reload of a broken file': {
    begin: async ({ gateway, write }) => {
      await write('broken');
      await expectReload(gateway, 422);
    },
    end: ({ write }) => write(0),
  },
  'reload that cannot be': {
    begin: async ({ gateway, write }) => {
      await write('impossible');
      await expectReload(gateway, FAILED);
    },
    end: ({ write }) => write(0),
  },
};
