/**
 * `node bench/compile-probe.ts <command> [arguments]`: runs one command as the command line does, and tells on the last
 * line of standard error what it took: its exit code, time on the CPU and on the clock, and the most memory at once.
 */
import { COMMANDS } from '../cli/commands.ts';
import type { Cost } from './compile-cost.ts';

const [name = '', ...args] = process.argv.slice(2);
// Loading TypeScript is no part of what is measured: the product is built.
const command = await COMMANDS[name]!.load();
const startMs = performance.now();
const start = process.cpuUsage();
const code = await command(args, {
  out: () => undefined,
  err: (text) => void process.stderr.write(text),
  env: {},
  cwd: process.cwd(),
  color: false,
});
const { user, system } = process.cpuUsage(start);
const cost: Cost = {
  code,
  cpuMs: (user + system) / 1000,
  wallMs: performance.now() - startMs,
  residentBytes: process.resourceUsage().maxRSS * 1024,
};
process.stderr.write(`\n${JSON.stringify(cost)}\n`);
