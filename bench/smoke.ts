/**
 * `npm run bench:smoke`: whether a call costs far more than in bench/released.json: CPU time per request, as a ratio to
 * the floor. Told only if three attempts in a row say so. What costs far less is told, too: then the figures want to be
 * taken anew, which `-- --write` does, and `npm run bench -- --write`.
 */
import { NAMES } from './budgets.ts';
import { gatewayProgram } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { readOptions } from './options.ts';
import {
  improvements,
  JUDGED,
  type Ratios,
  ratiosOf,
  readReleased,
  regressions,
  releasedOf,
  writeReleased,
} from './released.ts';
import type { Samples } from './rounds.ts';
import { formatTable } from './table.ts';
import { measureTraffic } from './traffic.ts';
import { openWorkplace } from './workplace.ts';

const ATTEMPTS = 3;

const attempt = async (): Promise<Samples> => {
  await using workplace = await openWorkplace();
  const { folder, cores, upstream } = workplace;
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
  return samples;
};

/** Told whether the figures are to be taken anew. */
const run = async (write: boolean): Promise<number> => {
  if (write) {
    const taken = releasedOf(await attempt(), new Date().toISOString().slice(0, 10), describeMachine());
    if (taken === undefined) return 1;
    await writeReleased(taken);
    return 0;
  }
  const released = readReleased();
  const attempts: Ratios[] = [];
  do attempts.push(ratiosOf(await attempt()));
  while (attempts.length < ATTEMPTS && regressions(released, attempts).length > 0);
  const numbers = attempts.map((_, at) => `attempt ${at + 1}`);
  console.log(
    formatTable({
      head: ['CPU per request ÷ floor', `released ${released.date}`, ...numbers],
      rows: JUDGED.map((name) => [
        NAMES[name],
        String(released.cpuToFloor[name]),
        ...attempts.map((ratios) => String(ratios[name])),
      ]),
    }),
  );
  const [worse, better] = [regressions(released, attempts), improvements(released, attempts)];
  if (worse.length > 0) console.log(`costs far more than when it was released: ${worse.join(', ')}`);
  if (better.length > 0)
    console.log(
      `costs far less than when it was released: ${better.join(', ')}; on the machine of then, ` +
        'take the figures anew: npm run bench:smoke -- --write',
    );
  return worse.length === 0 ? 0 : 1;
};

process.exitCode = await run(process.argv.includes('--write'));
