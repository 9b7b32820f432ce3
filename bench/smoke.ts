/**
 * `npm run bench:smoke`: whether a call costs far more than in bench/released.json: CPU time per request, as a ratio to
 * the floor. Told only if three attempts in a row say so. With `-- --write` the figures are taken anew.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMES } from './budgets.ts';
import { ratioOf } from './figures.ts';
import { gatewayProgram } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { readOptions, type TargetKey } from './options.ts';
import { chooseCores } from './pinned-process.ts';
import { type Ratios, RELEASED_FILE, readReleased, regressions } from './released.ts';
import { formatTable } from './table.ts';
import { startProgram } from './target.ts';
import { measureTraffic } from './traffic.ts';

const JUDGED = ['bare', 'secure', 'bareLegacy'] as const satisfies readonly TargetKey[];
const ATTEMPTS = 3;

const attempt = async (): Promise<Ratios> => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const cores = chooseCores();
  const upstream = stack.use(await startProgram(cores.load, 'upstream.ts'));
  const options = readOptions([
    '--smoke',
    '--rounds',
    '7',
    '--open',
    '0',
    '--only',
    ['floor', ...JUDGED].join(),
  ]);
  const { samples } = await measureTraffic({ options, cores, folder, upstream, program: gatewayProgram() });
  return Object.fromEntries(
    JUDGED.map((name) => {
      const ratio = ratioOf(samples, NAMES[name], NAMES.floor, 'cpuUsPerRequest');
      return [name, Number((ratio?.median ?? Number.NaN).toFixed(3))];
    }),
  );
};

const write = process.argv.includes('--write');
const released = write ? undefined : readReleased();
const attempts: Ratios[] = [];
do attempts.push(await attempt());
while (released !== undefined && attempts.length < ATTEMPTS && regressions(released, attempts).length > 0);

const [first] = attempts;
if (released === undefined) {
  const date = new Date().toISOString().slice(0, 10);
  const text = JSON.stringify({ date, machine: describeMachine(), cpuToFloor: first }, undefined, 2);
  await writeFile(RELEASED_FILE, `${text}\n`);
} else {
  console.log(
    formatTable({
      head: [
        'CPU per request ÷ floor',
        `released ${released.date}`,
        ...attempts.map((_, at) => `attempt ${at + 1}`),
      ],
      rows: JUDGED.map((name) => [
        NAMES[name],
        String(released.cpuToFloor[name]),
        ...attempts.map((ratios) => String(ratios[name])),
      ]),
    }),
  );
  const worse = regressions(released, attempts);
  if (worse.length > 0) console.log(`costs far more than when it was released: ${worse.join(', ')}`);
  process.exitCode = worse.length === 0 ? 0 : 1;
}
