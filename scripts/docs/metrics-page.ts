/** The page that lists all metrics, as a scrape describes them. */
import { Metrics } from '../../runtime/observe/metrics.ts';
import { SourceMetrics } from '../../runtime/observe/source-metrics.ts';

const HELP = '# HELP ';
const TYPE = '# TYPE ';

export const metricsPage = (): string => {
  const metrics = new Metrics('');
  metrics.source = new SourceMetrics();
  const lines = metrics.text().split('\n');
  metrics.close();
  const types = new Map(
    lines
      .filter((line) => line.startsWith(TYPE))
      .map((line) => line.slice(TYPE.length).split(' ') as [name: string, type: string]),
  );
  const rows = lines
    .filter((line) => line.startsWith(HELP))
    .map((line) => {
      const [name = '', ...help] = line.slice(HELP.length).split(' ');
      return `| \`${name}\` | ${types.get(name)} | ${help.join(' ')} |`;
    });
  return [
    '<!-- Made by `npm run docs` from runtime/observe. -->',
    '# Metrics',
    '',
    'What `/metrics` of an operations listener (`serve: [metrics]`) tells, in the Prometheus text format 0.0.4.',
    '[Watching it](operations.md#watching-it) says which of them to be woken by.',
    '',
    'The values of labels are names of the configuration, tools that are exposed, and words of short lists. Nothing that a',
    'caller makes up is one: a method that no revision of MCP has is `other`, a tool that is not exposed is not told. Of the',
    'tools, 2,000 series are told by name, and all others as `other`. Where several threads serve, what they count is told',
    'together; the lag of the event loop is that of the thread that serves operations.',
    '',
    'Histograms tell seconds. Their `outcome` says who is to be asked: `ok`; `tool_error`, the tool says that it failed;',
    '`protocol_error`, the caller; `denied`, a policy or an identity; `limited`, a limit, a cap or a guard; `upstream`;',
    '`aborted`, the caller left; `gateway`. That of counters is the code of the error, as in the access log.',
    '',
    '| metric | type | what it tells |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
};
