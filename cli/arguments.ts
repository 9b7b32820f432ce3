/** Reads the arguments of a command as its manual has them. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../compiler/diagnostics/nearest.ts';
import type { CommandManual, OptionManuals } from './manual/manual.ts';

type Values<O extends OptionManuals> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: O }>
>['values'];

export interface Arguments<O extends OptionManuals> {
  readonly values: Values<O>;
  readonly positionals: readonly string[];
}

/** What is wrong with the arguments, in words for whoever typed them. */
const problemOf = (error: unknown, options: OptionManuals): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  const [, word] = /'(?:-\w, )?-?-?([^' ]*)/.exec(message) ?? [];
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' && word !== undefined && Object.hasOwn(options, word)) {
    const { type, words } = options[word]!;
    if (type === 'boolean') return `\`--${word}\` takes no value`;
    return `\`--${word}\` needs a value${words === undefined ? '' : `: ${words.join(', ')}`}`;
  }
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || word === undefined)
    return message.charAt(0).toLowerCase() + message.slice(1);
  const near = nearest(word, Object.keys(options));
  return `unknown option \`--${word}\`${near === undefined ? '' : `; did you mean \`--${near}\`?`}`;
};

const wordProblem = (
  values: Readonly<Record<string, unknown>>,
  options: OptionManuals,
): string | undefined => {
  for (const [name, { words }] of Object.entries(options)) {
    const given = [values[name] ?? []].flat();
    const wrong = given.find((value) => words !== undefined && !words.includes(String(value)));
    if (wrong !== undefined) return `unknown ${name} \`${wrong}\`; there is ${words!.join(', ')}`;
  }
  return undefined;
};

/** The arguments, or what is wrong with them. `most` is how many may stand without an option's name. */
export const parseArguments = <const O extends OptionManuals>(
  args: readonly string[],
  manual: CommandManual & { readonly options: O },
  most: number,
): Arguments<O> | string => {
  const { options } = manual;
  const config = { args: [...args], allowPositionals: true, options } satisfies ParseArgsConfig;
  try {
    const { values, positionals } = parseArgs(config);
    const extra = positionals[most];
    if (extra !== undefined) return `unexpected \`${extra}\``;
    return wordProblem(values, options) ?? { values: values as Values<O>, positionals };
  } catch (error) {
    return problemOf(error, options);
  }
};
