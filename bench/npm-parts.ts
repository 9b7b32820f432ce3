/** What gateways of npm are compared by: five kinds of work, each done by all that can do it. */
import { ENDPOINT_PATH, type Era } from './call.ts';
import { startGateway } from './gateway.ts';
import { gatewayProgram } from './gateway-program.ts';
import { type Package, startPackage, titleOf } from './npm-packages.ts';
import { stdioCommand } from './stdio-command.ts';
import { startProgram, type Target } from './target.ts';

export interface Part {
  readonly name: string;
  /** What is done, as a title. */
  readonly title: string;
  readonly era: Era;
  readonly behind: 'HTTP' | 'stdio';
  /** Whether callers come over HTTP+SSE. */
  readonly overEvents?: boolean;
  readonly packages: readonly Package[];
}

export const PARTS: readonly Part[] = [
  { name: 'http', title: '2026-07-28, HTTP behind', era: 'modern', behind: 'HTTP', packages: [] },
  { name: 'http-sessions', title: '2025-11-25, HTTP behind', era: 'legacy', behind: 'HTTP', packages: [] },
  {
    name: 'stdio',
    title: '2026-07-28, stdio behind',
    era: 'modern',
    behind: 'stdio',
    packages: ['mcp-proxy', 'supergateway'],
  },
  {
    name: 'stdio-sessions',
    title: '2025-11-25, stdio behind',
    era: 'legacy',
    behind: 'stdio',
    packages: ['mcp-proxy', 'supergateway'],
  },
  {
    name: 'stdio-events',
    title: '2024-11-05, HTTP+SSE, stdio behind',
    era: 'legacy',
    behind: 'stdio',
    overEvents: true,
    packages: ['mcp-hub'],
  },
];

export const OURS = 'gatewright secure';
export const FLOOR = 'floor';

/** Where ours serves HTTP+SSE. */
export const EVENT_PATH = `${ENDPOINT_PATH}/sse`;

export interface Place {
  /** For whom is measured. */
  readonly core: number;
  /** For files. */
  readonly folder: string;
  /** Where the packages are. */
  readonly packages: string;
  readonly upstreamPort: number;
}

/** Ours does what mcp-hub does: tools get a prefix there. */
const profileOf = ({ behind, overEvents }: Part) => {
  if (behind === 'HTTP') return 'secure';
  return overEvents === true ? 'secure-events' : 'secure-stdio';
};

/** Starts all that do this work, ours and the floor first. */
export const startPart = async (
  stack: AsyncDisposableStack,
  part: Part,
  { core, folder, packages, upstreamPort }: Place,
): Promise<readonly Target[]> => {
  const { era, behind } = part;
  const targets: Target[] = [];
  const events = part.overEvents === true ? ({ reply: 'events' } as const) : {};
  const add = (name: string, { port, pid }: { readonly port: number; readonly pid: number }, more = {}) =>
    targets.push({ name, port, era, pids: [pid], ...events, ...more });
  const program = gatewayProgram();
  const ours = stack.use(
    await startGateway({ core, folder, profile: profileOf(part), upstreamPort, program }),
  );
  add(OURS, ours, { token: ours.token, eventPath: EVENT_PATH });
  if (behind === 'HTTP') {
    add(
      FLOOR,
      stack.use(
        await startProgram(core, 'floor.ts', [String(upstreamPort), era === 'legacy' ? 'sessions' : '']),
      ),
    );
    const file = era === 'modern' ? 'sdk-composed-modern.ts' : 'sdk-composed.ts';
    add('SDK server and client', stack.use(await startProgram(core, file, [String(upstreamPort)])));
  } else add(FLOOR, stack.use(await startProgram(core, 'pipe-floor.ts', stdioCommand())));
  for (const name of part.packages) {
    // It starts the program anew for each call.
    const isSlow = name === 'supergateway' && era === 'modern';
    add(titleOf(name), stack.use(await startPackage(name, core, packages)), { isSlow });
  }
  return targets;
};
