/**
 * `node scripts/bootstrap.mjs bench/npm-gateways.ts [--part <name>]... [--packages <folder>] [--rounds <n>]
 * [--connections <n>] [--write]`: what a call costs the gateways that npm has, and ours with all that `secure` does.
 * They are installed on demand into a folder of their own, in the versions named in npm-packages.ts. Each part of
 * npm-parts.ts takes about a minute; `--write` keeps the figures of those that were run in bench/npm-gateways.json, and
 * all that are there in docs/performance.md, whose other figures stay as they are.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageFile } from './gateway-program.ts';
import { startLoad } from './load-driver.ts';
import { describeMachine } from './machine.ts';
import { NPM_FILE, type NpmPart, npmPassed, npmRows, npmTable, readNpmParts } from './npm-figures.ts';
import { installPackages } from './npm-packages.ts';
import { PARTS, type Part, startPart } from './npm-parts.ts';
import { npmSection, replaceNpmSection } from './npm-section.ts';
import { runRounds } from './rounds.ts';
import { openWorkplace } from './workplace.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: PARTS.map(({ name }) => name) },
    packages: { type: 'string', default: join(tmpdir(), 'gatewright-npm-gateways') },
    rounds: { type: 'string', default: '9' },
    connections: { type: 'string', default: '64' },
    write: { type: 'boolean', default: false },
  },
});

const measure = async (part: Part): Promise<NpmPart> => {
  await using workplace = await openWorkplace();
  await using stack = new AsyncDisposableStack();
  const { folder, cores, upstream } = workplace;
  const place = { core: cores.proxy, folder, packages: values.packages, upstreamPort: upstream.port };
  const targets = await startPart(stack, part, place);
  const load = stack.use(startLoad(cores.load));
  const [rounds, connections] = [Number(values.rounds), Number(values.connections)];
  const options = {
    rounds,
    connections,
    trainRequests: 20_000,
    trainSeconds: 5,
    warmMs: 200,
    measureMs: 1_000,
  };
  const samples = await runRounds(load, targets, { ...options, upstreamPid: upstream.pid }, () => undefined);
  return {
    name: part.name,
    title: part.title,
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    rounds,
    connections,
    rows: npmRows(samples),
  };
};

const chosen = PARTS.filter(({ name }) => values.part.includes(name));
if (chosen.length < values.part.length)
  throw new Error(`parts are ${PARTS.map(({ name }) => name).join(', ')}`);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
await installPackages(values.packages);
const write = async (measured: readonly NpmPart[]): Promise<void> => {
  const known = [...measured, ...readNpmParts()];
  const parts = PARTS.flatMap(({ name }) => known.find((each) => each.name === name) ?? []);
  await writeFile(NPM_FILE, `${JSON.stringify(parts, undefined, 2)}\n`);
  const page = packageFile('docs/performance.md');
  await writeFile(page, replaceNpmSection(await readFile(page, 'utf8'), npmSection(parts)));
};

const measured: NpmPart[] = [];
for (const part of chosen) {
  const figures = await measure(part);
  measured.push(figures);
  console.log(`${npmTable([figures])}\n`);
  if (values.write) await write(measured);
}
process.exitCode = npmPassed(measured) ? 0 : 1;
