/** What the histograms and counts of all threads say, as people and scripts read it: made when it is asked for. */

/** Of calls or stages that ended. Quantiles are estimated within the bounds of a histogram; beyond the last, that. */
export interface Durations {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

type ByName<T> = Readonly<Record<string, T>>;

export interface TrafficSummary {
  /** By server, exposed tool and class of outcome; beyond 2000 series the tool is `other`. */
  readonly tools: ByName<ByName<ByName<Durations>>>;
  /** By server and stage: where the time of requests goes that reached an upstream. */
  readonly stages: ByName<ByName<Durations>>;
  /** Calls that each limit refused. */
  readonly refused: ByName<number>;
}

const TOOLS = 'gatewright_tool_call_duration_seconds';
const STAGES = 'gatewright_stage_duration_seconds';
const REFUSED = 'gatewright_limited_total';

const SAMPLE = /^(\w+?)(?:_(bucket|sum|count))?\{(.*)\} (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

interface Histogram {
  /** Upper bounds in seconds with how many were not above. */
  readonly buckets: [bound: number, count: number][];
  sum: number;
}

/** A tree of names as deep as the path of what it holds. */
class Tree<T> {
  readonly #inner = new Map<string, Tree<T>>();
  #value: T | undefined;

  at(path: readonly string[], make: () => T): T {
    const [first, ...rest] = path;
    if (first === undefined) {
      this.#value ??= make();
      return this.#value;
    }
    const inner = this.#inner.get(first) ?? new Tree<T>();
    this.#inner.set(first, inner);
    return inner.at(rest, make);
  }

  told(tell: (value: T) => unknown): unknown {
    if (this.#value !== undefined) return tell(this.#value);
    return Object.fromEntries(Array.from(this.#inner, ([name, inner]) => [name, inner.told(tell)]));
  }
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));

const labelsOf = (text: string): string[] =>
  Array.from(text.matchAll(LABEL), (match) => unescaped(match[2]!));

const rounded = (seconds: number): number => Math.round(seconds * 1_000_000) / 1000;

const quantile = ({ buckets }: Histogram, count: number, share: number): number => {
  const rank = share * count;
  let [below, before] = [0, 0];
  for (const [bound, upTo] of buckets) {
    if (bound === Number.POSITIVE_INFINITY) break;
    if (upTo >= rank) return rounded(below + ((bound - below) * (rank - before)) / (upTo - before));
    [below, before] = [bound, upTo];
  }
  return rounded(below);
};

const durationsOf = (histogram: Histogram): Durations => {
  const count = histogram.buckets.at(-1)?.[1] ?? 0;
  const at = (share: number): number => quantile(histogram, count, share);
  return {
    count,
    meanMs: rounded(histogram.sum / count),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
  };
};

/** @param text what all threads tell together, in the Prometheus text format that the metrics write */
export const summarizeTraffic = (text: string): TrafficSummary => {
  const histograms = new Map([TOOLS, STAGES].map((name) => [name, new Tree<Histogram>()]));
  const refused = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = SAMPLE.exec(line);
    if (match === null) continue;
    const [, name, part, labels, value] = match;
    if (name === REFUSED) refused.set(labelsOf(labels!)[0]!, Number(value));
    const tree = histograms.get(name!);
    if (tree === undefined || part === 'count' || part === undefined) continue;
    const path = labelsOf(labels!);
    const bound = part === 'bucket' ? path.pop() : undefined;
    const histogram = tree.at(path, () => ({ buckets: [], sum: 0 }));
    if (bound === undefined) histogram.sum = Number(value);
    else histogram.buckets.push([bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), Number(value)]);
  }
  return {
    tools: histograms.get(TOOLS)!.told(durationsOf) as TrafficSummary['tools'],
    stages: histograms.get(STAGES)!.told(durationsOf) as TrafficSummary['stages'],
    refused: Object.fromEntries(refused),
  };
};
