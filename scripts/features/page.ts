/** docs/features.md. */
import type { Claim } from './shown.ts';
import { type Feature, sameAs } from './table.ts';

/** `shown`: a test shows all of it. `part`: tests show parts. */
type State = 'shown' | 'part' | 'open';

interface Standing {
  readonly state: State;
  readonly claims: readonly Claim[];
  /** What declares what is shown: of a row that is shown under other names, what declares those. */
  readonly declaredBy: readonly string[];
}

const standingOf = (feature: Feature, all: readonly Feature[], claims: readonly Claim[]): Standing => {
  const own = claims.filter(({ id }) => id === feature.id);
  const ownFields = own.length > 0 ? feature.declaredBy.split(', ') : [];
  if (own.some(({ part }) => part === '')) return { state: 'shown', claims: own, declaredBy: ownFields };
  const others = sameAs(feature, all).map((other) => standingOf(other, all, claims));
  const inherited = [...own, ...others.flatMap((other) => other.claims)];
  const declaredBy = [...new Set([...ownFields, ...others.flatMap((other) => other.declaredBy)])];
  if (others.length > 0 && others.every(({ state }) => state === 'shown'))
    return { state: 'shown', claims: inherited, declaredBy };
  return { state: inherited.length > 0 ? 'part' : 'open', claims: inherited, declaredBy };
};

const link = (claims: readonly Claim[]): string => {
  const files = [...new Set(claims.map(({ file }) => file))];
  return files.map((file) => `[${file.replace(/^test\//, '')}](../${file})`).join(', ');
};

const row = (feature: Feature, { state, claims, declaredBy }: Standing): string => {
  const parts = [...new Set(claims.filter(({ id }) => id === feature.id).map(({ part }) => part))].filter(
    Boolean,
  );
  const label = state === 'part' && parts.length > 0 ? `part: ${parts.join(', ')}` : state;
  return `| ${feature.id} | ${feature.name} | ${declaredBy.join(', ')} | ${label} | ${link(claims)} |`;
};

/** Fields that a shown feature claims to be declared by and that do not exist. */
export const wrongFields = (
  features: readonly Feature[],
  claims: readonly Claim[],
  fields: ReadonlySet<string>,
): readonly { readonly id: string; readonly field: string }[] =>
  features
    .filter(({ id }) => claims.some((claim) => claim.id === id))
    .flatMap(({ id, declaredBy }) =>
      [...declaredBy.matchAll(/`([^`]+)`/g)].map(([, field]) => ({ id, field: field! })),
    )
    .filter(({ field }) => !fields.has(field));

/** The page: each feature, what declares it, and the tests that show it. */
export const featuresPage = (features: readonly Feature[], claims: readonly Claim[]): string => {
  const standings = features.map((feature) => ({ feature, standing: standingOf(feature, features, claims) }));
  const count = (state: State) => standings.filter(({ standing }) => standing.state === state).length;
  const lines = [
    '<!-- Made by `npm run features` from docs/features.table.md and the titles of the tests. -->',
    '# Features',
    '',
    `${features.length} features: ${count('shown')} shown by a test, ${count('part')} in part, ${count('open')} open. What`,
    'the test of each must show is said in [the table](features.table.md).',
  ];
  for (const section of new Set(features.map((feature) => feature.section))) {
    lines.push(
      '',
      `## ${section}`,
      '',
      '| id | feature | declared by | state | shown by |',
      '|---|---|---|---|---|',
    );
    for (const { feature, standing } of standings)
      if (feature.section === section) lines.push(row(feature, standing));
  }
  return `${lines.join('\n')}\n`;
};
