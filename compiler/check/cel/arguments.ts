/** `args` where it is known what calls bring. */
import type { CelEnvironment } from '../../../policies/cel/environment.ts';
import type { CelObjectType } from '../../../policies/cel/types.ts';
import { argumentsOf, type CallTarget } from './call-target.ts';
import type { ArgumentReads, Inference } from './inference.ts';
import { type CelProblem, type CelSpan, celProblem } from './problem.ts';

/** The environment with `args` as calls of any of `targets` have it. */
export const withArguments = (
  environment: CelEnvironment<never>,
  targets: readonly CallTarget[],
): CelEnvironment<never> => {
  const args = environment.fields.get('args');
  if (args === undefined || 'fields' in args) return environment;
  return {
    ...environment,
    fields: new Map(environment.fields).set('args', { ...args, type: argumentsOf(targets) }),
  };
};

/** So many targets are named. */
const MAX_NAMED = 3;

const named = (targets: readonly CallTarget[]): string => {
  const names = targets.slice(0, MAX_NAMED).map(({ name }) => `\`${name}\``);
  const more = targets.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
};

const fieldsOf = ({ args }: CallTarget): readonly string[] =>
  args.kind === 'object' ? [...args.fields.keys()] : [];

/** What the targets have instead of an argument that none of them has. */
export const argumentNotes = ({ targets = [] }: Inference): readonly string[] =>
  targets.slice(0, MAX_NAMED).map((target) => {
    const fields = fieldsOf(target).map((field) => `\`${field}\``);
    return `\`${target.name}\` has ${fields.length === 0 ? 'no arguments' : fields.join(', ')}`;
  });

/** Notes that an argument is read that not each call must have. */
export const noteRead = (
  { reads, targets = [] }: Inference,
  { fields }: CelObjectType,
  field: string,
  span: CelSpan,
  isTest: boolean,
): void => {
  if (isTest) reads.guarded.add(field);
  else if (fields.get(field)?.isRequired === false && !reads.unsure.has(field)) {
    const lacking = targets.filter(
      ({ args }) => args.kind === 'object' && args.fields.get(field)?.isRequired !== true,
    );
    reads.unsure.set(field, { ...span, lacking });
  }
};

/** Arguments that are read without asking whether they are there, though calls may lack them. */
export const unguardedReads = ({ unsure, guarded }: ArgumentReads): readonly CelProblem[] =>
  [...unsure].flatMap(([field, { lacking, ...span }]) => {
    if (guarded.has(field)) return [];
    const message = `\`args.${field}\` may be missing, and the call is denied then`;
    const help = `ask first: \`has(args.${field}) && …\``;
    const notes = [`calls of ${named(lacking)} need not have it`];
    return [celProblem('unguarded-argument', span, message, [help], { notes })];
  });
