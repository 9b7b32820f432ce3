/** What a Prometheus scrape says. */

/** The samples of a scrape by series, labels included as they were written. */
export const scrape = async (opsUrl: string): Promise<ReadonlyMap<string, number>> => {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
};

/** The labels of a series with their values as they were before they were escaped. */
export const parseLabels = (series: string): readonly (readonly [label: string, value: string])[] =>
  Array.from(series.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g), ([, label, value]) => [
    label!,
    value!.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
  ]);
