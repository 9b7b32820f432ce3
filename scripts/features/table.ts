/** docs/features.table.md as data. */

export interface Feature {
  readonly id: string;
  readonly section: string;
  readonly name: string;
  /** What its test must show; `= ID` where it is another row under another name. */
  readonly acceptance: string;
  readonly declaredBy: string;
}

const ROW = /^\| ([A-Z]+-\d+) \| (.*) \| (.*) \| (.*) \|$/;

/** The rows in the order of the page. */
export const parseTable = (text: string): readonly Feature[] => {
  const features: Feature[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const match = ROW.exec(line);
    if (match === null) continue;
    const [, id, name, acceptance, declaredBy] = match as unknown as readonly [
      string,
      string,
      string,
      string,
      string,
    ];
    features.push({ id, section, name, acceptance, declaredBy });
  }
  return features;
};

/** The rows that `feature` is another name of; empty if it stands for itself. `TEST-*` stands for all of them. */
export const sameAs = ({ acceptance }: Feature, all: readonly Feature[]): readonly Feature[] => {
  const match = /^(?:=|as) ((?:[A-Z]+-(?:\d+|\*)(?:, )?)+)$/.exec(acceptance);
  if (match === null) return [];
  const names = match[1]!.split(', ');
  return all.filter(({ id }) =>
    names.some((name) => name === id || (name.endsWith('*') && id.startsWith(name.slice(0, -1)))),
  );
};
