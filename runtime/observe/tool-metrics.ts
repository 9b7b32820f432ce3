import { CounterFamily, HistogramFamily } from './metric-family.ts';
import { outcomeClass } from './outcome-class.ts';

const MAX_TOOL_SERIES = 2_000;
/** Fewer than of requests, since there is a set for each tool and class of outcome; seconds. */
const DURATION_BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 60];

/** What is told of the calls of exposed tools. */
export class ToolMetrics {
  readonly #calls = new CounterFamily({
    name: 'gatewright_tool_calls_total',
    help: 'Calls of exposed tools by outcome; beyond 2000 series the tool is `other`.',
    labels: ['server', 'tool', 'outcome'],
    maxSeries: MAX_TOOL_SERIES,
    openLabel: 1,
  });
  readonly #durations = new HistogramFamily(
    {
      name: 'gatewright_tool_call_duration_seconds',
      help: 'Time from the call of a tool to the end of its reply by class of outcome; beyond 2000 series the tool is `other`.',
      labels: ['server', 'tool', 'outcome'],
      maxSeries: MAX_TOOL_SERIES,
      openLabel: 1,
    },
    DURATION_BOUNDS,
  );

  /** `outcome` is that of the exchange's record; the histogram tells its class alone. */
  finished(server: string, tool: string, outcome: string, durationMs: number): void {
    this.#calls.of(server, tool, outcome).value += 1;
    this.#durations.of(server, tool, outcomeClass(outcome)).observe(durationMs / 1000);
  }

  text(): string {
    return this.#calls.text() + this.#durations.text();
  }
}
