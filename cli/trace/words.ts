/** Values and quantities of a trace in words. */
import type { CelExplanation } from '../../policies/cel/explain.ts';
import type { ShownValue } from '../../policies/cel/shown-value.ts';
import type { Principal } from '../../schema/principal.ts';

const MAX_VALUE = 160;

const cut = (text: string): string => (text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text);

/** A value as JSON, or why there is none. */
export const valueText = (shown: ShownValue): string => {
  switch (shown.kind) {
    case 'value':
      return cut(JSON.stringify(shown.value) ?? 'null');
    case 'missing':
      return '(missing)';
    case 'unknown':
      return '(not known yet)';
    case 'error':
      return `(error: ${cut(shown.problem)})`;
  }
};

const outcomeText = ({ truth, result }: CelExplanation): string => {
  if (typeof truth === 'boolean') return String(truth);
  if (truth === 'undecided') return '(not known yet)';
  return result.kind === 'value'
    ? `${valueText(result)}, which is neither true nor false`
    : valueText(result);
};

/** The condition with what it came to, and under it its parts. */
export const conditionLines = (condition: CelExplanation): readonly string[] => {
  const expression = condition.expression.trim().replaceAll(/\s+/g, ' ');
  return [
    `${expression}  →  ${outcomeText(condition)}`,
    ...condition.parts.map(({ text, result }) => `  ${text}  →  ${valueText(result)}`),
  ];
};

const DURATIONS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** `30s`; 0 stands for what is not known before the gateway runs. */
export const durationText = (ms: number): string => {
  if (ms === 0) return '(known when it runs)';
  const unit = DURATIONS.find(([, unitMs]) => ms % unitMs === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
};

const SIZES = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

/** `1MiB`; 0 stands for what is not known before the gateway runs. */
export const sizeText = (bytes: number): string => {
  if (bytes === 0) return '(known when it runs)';
  const unit = SIZES.find(([, unitBytes]) => bytes % unitBytes === 0);
  return unit === undefined ? `${bytes}B` : `${bytes / unit[1]}${unit[0]}`;
};

/** `alice (roles engineering; tenant acme)`. */
export const principalText = ({ id, roles, tenant, scopes }: Principal): string => {
  const more = [
    roles.length === 0 ? 'no roles' : `roles ${roles.join(', ')}`,
    tenant === '' ? '' : `tenant ${tenant}`,
    scopes.length === 0 ? '' : `scopes ${scopes.join(' ')}`,
  ].filter((part) => part !== '');
  return `${id} (${more.join('; ')})`;
};

/** The text behind the type mark of a limit's key. */
export const keyText = (key: string): string => (key === '-' ? '(no value)' : key.slice(1));
