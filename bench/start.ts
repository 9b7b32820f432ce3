/**
 * `npm run bench:start [-- --starts <n>]`: what a cold start takes, from exec to the first answer to a `tools/call`, with
 * nothing compiled before and with the bytecode that the container has. Prints a table.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bytecodeEnvironment, writeBytecode } from '../scripts/bytecode.ts';
import { gatewayProgram, packageFile } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { measureStartUp, type StartUp } from './start-up.ts';
import { formatTable } from './table.ts';
import { openWorkplace } from './workplace.ts';

const { values } = parseArgs({ options: { starts: { type: 'string', default: '9' } } });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
const program = gatewayProgram();
await using workplace = await openWorkplace();
const { folder, cores, upstream } = workplace;
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
