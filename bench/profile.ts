/** `npm run bench:profile`: where the gateway's CPU time goes under load, by function, by module and as a flame graph. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type CpuProfile,
  functionTimes,
  inclusiveTimes,
  moduleTimes,
  type PlaceTime,
  within,
} from './cpu-profile.ts';
import { flameGraph } from './flame-graph.ts';
import { startGateway } from './gateway.ts';
import type { Profile } from './gateway-configuration.ts';
import { packageFile } from './gateway-program.ts';
import { startLoad } from './load-driver.ts';
import { EVENT_PATH } from './npm-parts.ts';
import { chooseCores } from './pinned-process.ts';
import { startProgram } from './target.ts';

const USAGE = `usage: npm run bench:profile -- [--profile bare|secure|secure-stdio|secure-events] [--reply stream|large|events] [--legacy] [--seconds <n>] [--top <n>] [--bundle]
                             [--flame <file>] [--keep <file>]

  --bundle       profile dist/gatewright.js; otherwise the sources, whose lines are told
  --flame <file> where the flame graph goes, which any browser shows; flame.svg in the temporary folder
  --keep <file>  keep the .cpuprofile, for the browser's developer tools
`;

const REPLIES = ['stream', 'large', 'events'] as const;
const PROFILES = ['bare', 'secure', 'secure-stdio', 'secure-events'] as const;

const readArguments = (args: readonly string[]) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      profile: { type: 'string', default: 'bare' },
      legacy: { type: 'boolean', default: false },
      reply: { type: 'string' },
      seconds: { type: 'string', default: '8' },
      top: { type: 'string', default: '40' },
      bundle: { type: 'boolean', default: false },
      flame: { type: 'string', default: join(tmpdir(), 'flame.svg') },
      keep: { type: 'string' },
    },
  });
  const profile: Profile = PROFILES.find((each) => each === values.profile) ?? 'bare';
  if (values.profile !== profile) throw new Error(`no profile is called \`${values.profile}\``);
  const reply = REPLIES.find((each) => each === values.reply);
  if (values.reply !== reply) throw new Error(`no reply is called \`${values.reply}\``);
  return { ...values, profile, reply, seconds: Number(values.seconds), top: Number(values.top) };
};

type ProfileArguments = ReturnType<typeof readArguments>;

interface Recording {
  /** The text of the .cpuprofile. */
  readonly text: string;
  /** When load was measured, in microseconds of the monotonic clock. */
  readonly fromUs: number;
  readonly toUs: number;
}

const WARM_MS = 2_000;

const monotonicUs = (): number => Number(process.hrtime.bigint() / 1_000n);

/** Drives the gateway under V8's profiler and reads what it wrote at its end. */
const record = async (folder: string, args: ProfileArguments): Promise<Recording> => {
  const cores = chooseCores();
  await using upstream = await startProgram(cores.load, 'upstream.ts');
  await using load = startLoad(cores.load);
  let fromUs: number;
  let toUs: number;
  {
    await using gateway = await startGateway({
      core: cores.proxy,
      folder,
      profile: args.profile,
      upstreamPort: upstream.port,
      program: args.bundle ? 'dist/gatewright.js' : 'cli/main.ts',
      nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${folder}`],
    });
    const job = {
      port: gateway.port,
      token: gateway.token,
      era: args.legacy ? ('legacy' as const) : ('modern' as const),
      reply: args.reply,
      eventPath: EVENT_PATH,
      connections: 64,
      warmMs: WARM_MS,
      measureMs: args.seconds * 1_000,
      pids: [gateway.pid],
      upstreamPid: upstream.pid,
    };
    fromUs = monotonicUs() + WARM_MS * 1_000;
    const { requests, cpuUs } = await load.run(job);
    toUs = monotonicUs();
    console.log(
      `${requests} requests, ${(cpuUs / requests).toFixed(1)} µs each with the profiler's own share\n`,
    );
  }
  const file = (await readdir(folder)).find((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) throw new Error('the gateway wrote no profile: it did not end in order');
  return { text: await readFile(join(folder, file), 'utf8'), fromUs, toUs };
};

const show = (title: string, times: readonly PlaceTime[]): void => {
  console.log(`${title}\n`);
  for (const { place, share } of times) console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${place}`);
  console.log('');
};

const run = async (args: ProfileArguments): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-profile-'));
  try {
    const { text, fromUs, toUs } = await record(folder, args);
    if (args.keep !== undefined) await writeFile(args.keep, text);
    const whole: CpuProfile = JSON.parse(text);
    const profile = within(whole, fromUs, toUs);
    const root = pathToFileURL(packageFile('')).href;
    const title = `${args.profile}${args.legacy ? ', 2025-11-25' : ''}, ${args.seconds} s`;
    await writeFile(args.flame, flameGraph(profile, root, title));
    show('Self time by function', functionTimes(profile, root).slice(0, args.top));
    show('Self time by module', moduleTimes(profile, root).slice(0, args.top));
    show('Time with callees, own functions', inclusiveTimes(profile, root).slice(0, args.top));
    console.log(`flame graph: ${args.flame}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  await run(readArguments(process.argv.slice(2)));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
