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
