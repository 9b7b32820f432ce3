/** Prometheus texts of several threads as one: what each has counted is added up. */

interface Family {
  readonly head: string[];
  type: string;
  readonly samples: Map<string, number>;
}

const familyOf = (families: Map<string, Family>, name: string): Family => {
  const known = families.get(name);
  if (known !== undefined) return known;
  const made: Family = { head: [], type: '', samples: new Map() };
  families.set(name, made);
  return made;
};

const read = (texts: readonly string[]): Map<string, Family> => {
  const families = new Map<string, Family>();
  for (const text of texts) {
    let family: Family | undefined;
    for (const line of text.split('\n')) {
      if (line.startsWith('# ')) {
        const [, keyword, name, type] = line.split(' ', 4);
        family = familyOf(families, name!);
        if (keyword === 'TYPE') family.type = type!;
        if (!family.head.includes(line)) family.head.push(line);
      } else if (line !== '' && family !== undefined) {
        const end = line.lastIndexOf(' ');
        const key = line.slice(0, end);
        family.samples.set(key, (family.samples.get(key) ?? 0) + Number(line.slice(end + 1)));
      }
    }
  }
  return families;
};

const write = (families: Iterable<Family>): string =>
  Array.from(families, ({ head, samples }) =>
    [...head, ...Array.from(samples, ([key, value]) => `${key} ${value}`), ''].join('\n'),
  ).join('');

/** Texts made by {@link Metrics.trafficText}, added up. */
export const mergeMetrics = (texts: readonly string[]): string =>
  texts.length === 1 ? texts[0]! : write(read(texts).values());

/** What stays true of a thread that has ended: what it has counted, but not what it held. */
export const countsOf = (text: string): string =>
  write([...read([text]).values()].filter(({ type }) => type !== 'gauge'));
