/**
 * `npm run bench:start [-- --starts <n>]`: what a cold start takes, from exec to the first answer to a `tools/call`, with
 * nothing compiled before and with the bytecode that the container has. Prints a table.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bytecodeEnvironment, writeBytecode } from '../scripts/bytecode.ts';
import { gatewayProgram, packageFile } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { chooseCores } from './pinned-process.ts';
import { measureStartUp, type StartUp } from './start-up.ts';
import { formatTable } from './table.ts';
import { startProgram } from './target.ts';

const { values } = parseArgs({ options: { starts: { type: 'string', default: '9' } } });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
const program = gatewayProgram();
const folder = await mkdtemp(join(tmpdir(), 'gatewright-bench-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
const cores = chooseCores();
const upstream = stack.use(await startProgram(cores.load, 'upstream.ts'));
const bytecode = join(folder, 'bytecode');
await writeBytecode(process.execPath, packageFile(program), bytecode);
const options = { core: cores.proxy, folder, profile: 'bare', upstreamPort: upstream.port, program } as const;
const row = (title: string, { firstAnswerMs, cpuMs, idleBytes }: StartUp): readonly string[] => [
  title,
  firstAnswerMs.toFixed(0),
  cpuMs.toFixed(0),
  (idleBytes / 1e6).toFixed(0),
];
const starts = Number(values.starts);
const rows = [
  row('nothing compiled before', await measureStartUp(options, starts)),
  row(
    'precompiled',
    await measureStartUp({ ...options, environment: bytecodeEnvironment(bytecode) }, starts),
  ),
];
const head = [`${program}, cold start`, 'ms to the first answer', 'ms of CPU', 'MB idle'];
console.log(`${describeMachine()}; medians of ${starts} starts\n\n${formatTable({ head, rows })}`);
