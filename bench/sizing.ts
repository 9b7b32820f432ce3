/**
 * `node scripts/bootstrap.mjs bench/sizing.ts [--write]`: what a machine carries and what a million requests a second
 * take, computed from what a call costs here. With `--write` into docs/operations.md.
 */
import { ANSWER, callRequest } from './call.ts';
import { type Costs, planTable, sizingTable } from './capacity.ts';
import { cpuUs } from './cpu-time.ts';
import { median } from './figures.ts';
import { type GatewayOptions, startGateway } from './gateway.ts';
import { gatewayProgram } from './gateway-program.ts';
import { type LoadDriver, startLoad } from './load-driver.ts';
import { describeMachine } from './machine.ts';
import { nginxVersion, startNginx } from './nginx.ts';
import { writeSection } from './page-section.ts';
import type { Cores } from './pinned-process.ts';
import { measureStartUp } from './start-up.ts';
import { hasStore, startStore } from './store.ts';
import { measureSubscriptions } from './subscriptions.ts';
import type { Program, Target } from './target.ts';
import { openWorkplace } from './workplace.ts';

const ROUNDS = 5;
const RUN_MS = 1_500;
const TRAIN_MS = 6_000;
const STARTS = 3;
/** Whose memory is measured. */
const SUBSCRIPTIONS = 5_000;
const COMMAND = 'node scripts/bootstrap.mjs bench/sizing.ts --write';
/** Status line and headers of an answer. */
const REPLY_HEAD_BYTES = 350;
const ENVELOPE_BYTES = 90;

interface Driven {
  readonly target: Omit<Target, 'name'>;
  /** A process more whose time is told apart. */
  readonly beside?: number | undefined;
}

/** CPU time per request, of the target and of what is beside it; medians. */
const drive = async (load: LoadDriver, upstream: Program, { target, beside }: Driven) => {
  const job = { ...target, connections: 64, upstreamPid: upstream.pid, warmMs: 100, measureMs: RUN_MS };
  await load.run({ ...job, measureMs: TRAIN_MS });
  const own: number[] = [];
  const others: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = beside === undefined ? 0 : cpuUs([beside]);
    const result = await load.run({ ...job, warmMs: 0 });
    own.push(result.cpuUs / result.requests);
    if (beside !== undefined) others.push((cpuUs([beside]) - start) / result.requests);
  }
  return { ownUs: median(own), besideUs: others.length === 0 ? undefined : median(others) };
};

const measure = async (cores: Cores, folder: string, upstream: Program): Promise<Costs> => {
  await using stack = new AsyncDisposableStack();
  const load = stack.use(startLoad(cores.load));
  const base = { core: cores.proxy, folder, upstreamPort: upstream.port, program: gatewayProgram() };
  const costOf = async (options: GatewayOptions, beside?: number) => {
    await using gateway = await startGateway(options);
    const { port, token, pid } = gateway;
    return await drive(load, upstream, { target: { port, token, era: 'modern', pids: [pid] }, beside });
  };
  const secure = await costOf({ ...base, profile: 'secure' });
  const store = hasStore() ? stack.use(await startStore(cores.load, folder)) : undefined;
  const stored =
    store === undefined
      ? undefined
      : await costOf({ ...base, profile: 'stored', storePort: store.port }, store.pid);
  const nginx =
    nginxVersion() === undefined
      ? undefined
      : stack.use(await startNginx(cores.proxy, folder, upstream.port));
  const balancer = nginx === undefined ? undefined : await drive(load, upstream, { target: nginx });
  const one = await measureStartUp({ ...base, profile: 'bare' }, STARTS);
  const two = await measureStartUp({ ...base, profile: 'two-workers' }, STARTS);
  const { program } = base;
  const subscriptions = await measureSubscriptions(cores, { folder, program }, SUBSCRIPTIONS);
  return {
    secureUs: secure.ownUs,
    storedUs: stored?.ownUs,
    storeUs: stored?.besideUs,
    balancerUs: balancer?.ownUs,
    idleBytes: one.idleBytes,
    threadBytes: (two.idleBytes - one.idleBytes) / 2,
    subscriptionBytes: subscriptions.residentBytesEach + subscriptions.externalBytesEach,
    bytesPerCall:
      callRequest('modern', 100, 8080, { token: 'x'.repeat(400) }).length +
      REPLY_HEAD_BYTES +
      ENVELOPE_BYTES +
      ANSWER.length,
  };
};

const section = (
  costs: Costs,
): string => `${describeMachine()}; ${new Date().toISOString().slice(0, 10)}. A call of about 300 B with a token, a policy, a rate limit and an access line costs
${costs.secureUs.toFixed(0)} µs of processor time${costs.storedUs === undefined ? '' : `, ${costs.storedUs.toFixed(0)} µs where the limit is counted in a store, and the store ${costs.storeUs?.toFixed(1)} µs`}. Cores are planned to be busy for 60 %.

${sizingTable(costs)}

A million requests a second, all under a limit that holds over all replicas:

${planTable(costs)}`;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
await using workplace = await openWorkplace();
const { folder, cores, upstream } = workplace;
const text = section(await measure(cores, folder, upstream));
console.log(text);
if (process.argv.includes('--write')) await writeSection('docs/operations.md', COMMAND, text);
