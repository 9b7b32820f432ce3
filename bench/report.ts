/** docs/performance.md, and what the terminal shows. */
import { type Judgement, NAMES } from './budgets.ts';
import { barChart } from './chart.ts';
import { FAULT_COMMAND, type FaultFigures, faultSection } from './fault-figures.ts';
import { isDisturbed, medianOf } from './figures.ts';
import type { Lists } from './lists.ts';
import type { NpmPart } from './npm-figures.ts';
import { npmSection } from './npm-section.ts';
import type { BenchOptions } from './options.ts';
import { sectionOf } from './page-section.ts';
import { budgetTable, cpuRatioTable, measuredTable, speedRatioTable } from './result-tables.ts';
import type { Samples } from './rounds.ts';
import type { StartUp } from './start-up.ts';
import type { Subscriptions } from './subscriptions.ts';
import { formatTable } from './table.ts';
import { NODE_FLAGS } from './target.ts';
import type { HalfLoad } from './traffic.ts';

export interface Report {
  readonly options: BenchOptions;
  readonly machine: string;
  /** What was started as the gateway, relative to the package. */
  readonly program: string;
  readonly samples: Samples;
  readonly halfLoad: HalfLoad;
  readonly startUp: StartUp | undefined;
  readonly lists: Lists | undefined;
  readonly subscriptions: Subscriptions | undefined;
  readonly judgements: readonly Judgement[];
}

const subscriptionsText = (measured: Subscriptions): string =>
  `${measured.count} idle subscriptions of ${measured.principals} callers on as many HTTP/1.1 connections, fed by ` +
  `${measured.upstreamStreams} stream${measured.upstreamStreams === 1 ? '' : 's'} of the upstream: ` +
  `${(measured.residentBytesEach / 1e3).toFixed(1)} KB of resident and ` +
  `${(measured.externalBytesEach / 1e3).toFixed(1)} KB of external memory each, as the system sees it.`;

const halfLoadText = (halfLoad: HalfLoad): string =>
  `99th percentile where calls come at half of the rate that saturates, whatever becomes of those before: ${[
    ...halfLoad,
  ]
    .map(([name, p99Ms]) => `${name} ${p99Ms.toFixed(2)} ms`)
    .join(', ')}.`;

/** The tables, as Markdown. */
export const resultText = (report: Report): string => {
  const { samples, halfLoad, startUp, lists, subscriptions, judgements } = report;
  const parts = [measuredTable(samples), cpuRatioTable(samples), speedRatioTable(samples)].map(formatTable);
  if (halfLoad.size > 0) parts.push(halfLoadText(halfLoad));
  if (startUp !== undefined)
    parts.push(
      `Median of ${startUp.runs} starts: ${startUp.firstAnswerMs.toFixed(0)} ms from exec to the first ` +
        `\`tools/call\` result through an HTTP upstream; ${(startUp.idleBytes / 1e6).toFixed(0)} MB resident ` +
        'when idle, without stdio children.',
    );
  if (lists !== undefined)
    parts.push(
      `Median of ${lists.rounds} rounds: ${lists.cpuUsPerList.toFixed(0)} µs of CPU for a \`tools/list\` of ` +
        `${lists.tools} tools (${(lists.bytes / 1000).toFixed(0)} kB) of ten upstreams, told from what is kept of them.`,
    );
  if (subscriptions !== undefined) parts.push(subscriptionsText(subscriptions));
  if (isDisturbed(samples))
    parts.push('Disturbed: other work took part of both cores. Budgets are to be judged on a quiet machine.');
  if (judgements.length > 0) parts.push(formatTable(budgetTable(judgements)));
  return parts.join('\n\n');
};

const METHOD = `The same call goes through each target: a \`tools/call\` of 2026-07-28 with a JSON reply, about 300 B each
way, over kept HTTP/1.1 connections on loopback, one call at a time on each. The target alone has one core; load
and upstream share another. Runs are short and interleaved; each figure is the median over the rounds, each ratio
the median of the ratios within the rounds. Every reply is checked: status, length and content; a wrong one fails
the run. The main figure is CPU time per request: user and system time of the target's processes, all threads,
divided by the requests they answered. It says what a request costs, whoever else keeps the machine busy.

- **direct**: no proxy; the upstream itself, hand-written on node:net. It has to share its core with the load.
- **nginx**: \`proxy_pass\` with kept upstream connections, one worker, no access log.
- **floor**: node:http in front, undici's \`dispatch\` behind, bodies buffered, and nothing else.
- **gateway bare**: an anonymous server, metrics on, no access log, no policy, no limit.
- **gateway secure**: a JWT (ES256, local key set), a CEL policy, a rate limit by principal and tool, an access log
  to a file, metrics.
- **…, two threads**: as bare, with \`workers: 2\`, on the same core; from six cores on, on two.
- **…, SSE replies**: the upstream answers with an event stream. **…, 1 MB results**: with a megabyte of JSON.
- **…, 2025-11-25**: the same \`tools/call\` in sessions of that revision, one for each connection.
- **…, 2026-07-28 to 2025-11-25** and the other way: the call of one era before an upstream held to the other one.
  Budgeted is what it costs against the same call within its era.
- **…, OpenAPI of 1 or 500 operations**: the same \`tools/call\`, which becomes a GET of an HTTP API with three
  parameters in the query. Budgeted is what the number of operations adds to a call.

The memory of a subscription is what the gateway's process grows by, resident and external, when ten thousand are
opened and left alone for 12 s, divided by their number; 2,000 are open before. Each is a \`subscriptions/listen\` with
a token, to a list and to one of a thousand resources, on a connection of its own, under a CEL policy; the client is
another process. Afterwards each must be told of a change, once.

HTTP/1.1 is the gateway's own on both sides, on node:net and node:tls (\`runtime/listen/http1\`,
\`runtime/upstream/client\`): reading a call and answering it costs 12.6 µs of CPU time where it was 20.8 µs on
node:http, and an idle stream of events 8 KB where it was 18 KB (one listener alone, both on one busy
machine). What goes is an object for each header, two streams and their state for each request, and timers. Sockets are
read into memory that they share, where Node.js makes 64 KB for each read: another tenth of what a small call costs. Both
sides take less than node:http and undici do: tests hold them to refuse whatever two readers could understand
differently, and to read all else as those do. HTTP/2 is node:http2's.

"target core" and "load core" are the shares of a core that were used. Where the target's is well below 100 %, the
load was the limit: requests/s and latencies then say little, CPU time per request still holds. Costs of \`bare\` and
\`secure\` are judged against nginx where the floor costs no more than 2.4 times as much as nginx does, and what two
threads do against one where there are six cores: else the verdict says why it is none.`;

/** Where the chart lies, beside the page. */
export const CHART_FILE = 'docs/performance.svg';

/** CPU time per request of all that small calls went through. */
export const reportChart = ({ samples }: Report): string => {
  const bars = [...samples].map(([name, own]) => ({ name, value: medianOf(own, 'cpuUsPerRequest') }));
  const small = bars.filter(({ name }) => name !== NAMES.nginxLarge && name !== NAMES.bareLarge);
  return barChart('CPU time per request: less is better', 'µs', small);
};

/** What was measured apart from the run, if it was. */
export interface MeasuredApart {
  readonly npm: readonly NpmPart[];
  readonly faults: FaultFigures | undefined;
}

/** The whole page. `date` is when it was measured. */
export const reportPage = (report: Report, date: string, { npm, faults }: MeasuredApart): string => {
  const { options, machine, program } = report;
  return `<!-- Written by \`npm run bench -- --write\`. -->
# Performance

${METHOD}

## Measured

- ${date}; ${machine}
- \`npm run bench -- --write\`: ${options.rounds} rounds of ${options.measureMs / 1000} s, ${options.connections} connections
- gateway: \`node ${NODE_FLAGS.join(' ')} ${program} run gateway.yaml\`; the floor runs with the same flags

![CPU time per request](performance.svg)

${resultText(report)}
${npmSection(npm)}${faults === undefined ? '' : sectionOf(FAULT_COMMAND, faultSection(faults))}`;
};
