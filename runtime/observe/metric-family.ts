/** Series of one metric, told apart by labels, in the Prometheus text format 0.0.4. */

/** A number that is set or grows. */
export class Value {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** Counts of observations by upper bound. */
export class Buckets {
  readonly #bounds: readonly number[];
  /** One more than bounds, for what is above the last. Not cumulative. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > bounds[i]!) i += 1;
    this.counts[i]! += 1;
    this.sum += value;
  }
}

interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Beyond so many series, the label at `openLabel` becomes `other`. */
  readonly maxSeries?: number;
  /** Index of the label whose values are not bounded by the configuration. Default: the last. */
  readonly openLabel?: number;
}

interface Series<T> {
  readonly labels: string;
  readonly metric: T;
}

const DEFAULT_MAX_SERIES = 10_000;

const escapeLabel = (value: string): string =>
  value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));

/** The map under a key, made if there is none. */
const inner = <V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> => {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, V>();
  maps.set(key, made);
  return made;
};

/** All series of one name; at most three labels. */
abstract class Family<T> {
  readonly #options: FamilyOptions;
  readonly #tree = new Map<string, Map<string, Map<string, T>>>();
  readonly #series: Series<T>[] = [];
  /** Most requests are like the one before. */
  #last: { first: string; second: string; third: string; metric: T } | undefined;

  constructor(options: FamilyOptions) {
    this.#options = options;
  }

  /** The series with these label values, made when it is first asked for. */
  of(first = '', second = '', third = ''): T {
    const last = this.#last;
    if (last !== undefined && last.third === third && last.second === second && last.first === first)
      return last.metric;
    const metric = this.#tree.get(first)?.get(second)?.get(third) ?? this.#make([first, second, third]);
    this.#last = { first, second, third, metric };
    return metric;
  }

  /** Drops all series, for a metric that is told anew at each scrape. */
  clear(): void {
    this.#tree.clear();
    this.#last = undefined;
    this.#series.length = 0;
  }

  /** The text of all series. */
  text(): string {
    const { name, help } = this.#options;
    const lines = this.#series.map(({ labels, metric }) => this.render(name, labels, metric));
    return `# HELP ${name} ${help}\n# TYPE ${name} ${this.type}\n${lines.join('')}`;
  }

  protected abstract readonly type: 'counter' | 'gauge' | 'histogram';
  protected abstract create(): T;
  protected abstract render(name: string, labels: string, metric: T): string;

  #make(values: [string, string, string]): T {
    const { labels, maxSeries = DEFAULT_MAX_SERIES, openLabel = labels.length - 1 } = this.#options;
    if (this.#series.length >= maxSeries && labels.length > 0) values[openLabel] = 'other';
    const [first, second, third] = values;
    const thirds = inner(inner(this.#tree, first), second);
    let metric = thirds.get(third);
    if (metric === undefined) {
      metric = this.create();
      thirds.set(third, metric);
      const text = labels.map((label, i) => `${label}="${escapeLabel(values[i]!)}"`).join(',');
      this.#series.push({ labels: text, metric });
    }
    return metric;
  }
}

/** As the format writes it: JavaScript has another word for what has no bound. */
const numberText = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value.toString();

const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`);

/** Only grows. */
export class CounterFamily extends Family<Value> {
  protected readonly type = 'counter';
  protected create(): Value {
    return new Value();
  }
  protected render(name: string, labels: string, metric: Value): string {
    return `${name}${braced(labels)} ${numberText(metric.value)}\n`;
  }
}

/** Goes up and down. */
export class GaugeFamily extends Family<Value> {
  protected readonly type = 'gauge';
  protected create(): Value {
    return new Value();
  }
  protected render(name: string, labels: string, metric: Value): string {
    return `${name}${braced(labels)} ${numberText(metric.value)}\n`;
  }
}

/** Counts by size. */
export class HistogramFamily extends Family<Buckets> {
  protected readonly type = 'histogram';
  readonly #bounds: readonly number[];

  constructor(options: FamilyOptions, bounds: readonly number[]) {
    super(options);
    this.#bounds = bounds;
  }

  protected create(): Buckets {
    return new Buckets(this.#bounds);
  }

  protected render(name: string, labels: string, metric: Buckets): string {
    const prefix = labels === '' ? '' : `${labels},`;
    let text = '';
    let count = 0;
    for (let i = 0; i < metric.counts.length; i += 1) {
      count += metric.counts[i]!;
      const bound = numberText(this.#bounds[i] ?? Number.POSITIVE_INFINITY);
      text += `${name}_bucket{${prefix}le="${bound}"} ${count}\n`;
    }
    return `${text}${name}_sum${braced(labels)} ${numberText(metric.sum)}\n${name}_count${braced(labels)} ${count}\n`;
  }
}
