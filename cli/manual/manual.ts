/** What a command takes and gives: the one source of its parser, its `--help` and its page in docs/commands. */

/** One option; the parser reads `type`, `short`, `multiple` and `default`, people the rest. */
export interface OptionManual {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** What stands for the value, such as `file`. */
  readonly value?: string;
  /** The only values there are. */
  readonly words?: readonly string[];
  readonly does: string;
}

export type OptionManuals = Readonly<Record<string, OptionManual>>;

export interface CommandManual {
  /** What follows the name, without options that `options` lists. */
  readonly usage: string;
  readonly summary: string;
  /** Paragraphs for who wants to know more. */
  readonly about?: readonly string[];
  readonly options?: OptionManuals;
  /** The exit codes beside 2 for wrong usage, and 3 for a file that fails or a bug. */
  readonly exits?: Readonly<Record<number, string>>;
  readonly examples?: readonly { readonly line: string; readonly does: string }[];
}

/** What an option is followed by: nothing, its words, or what stands for its value. */
const valueText = ({ type, words, value }: OptionManual): string =>
  type === 'boolean' ? '' : ` ${words === undefined ? `<${value ?? 'text'}>` : words.join('|')}`;

/** `--format pretty|json`. */
export const optionText = (name: string, option: OptionManual): string =>
  `${option.short === undefined ? '' : `-${option.short}, `}--${name}${valueText(option)}`;

/** Everything that may follow the name of the command. */
export const synopsisOf = ({ usage, options = {} }: CommandManual): string => {
  const brackets = Object.entries(options).map(
    ([name, option]) => `[--${name}${valueText(option)}]${option.multiple === true ? '…' : ''}`,
  );
  return [usage, ...brackets].filter((part) => part !== '').join(' ');
};

/** `usage: gatewright check …`, for who typed something else. */
export const usageLine = (name: string, manual: CommandManual): string => {
  const whole = `usage: gatewright ${name} ${synopsisOf(manual)}`.trimEnd();
  // So many options are no help on one line; `--help` lists them.
  return whole.length <= MAX_USAGE ? whole : `usage: gatewright ${name} ${manual.usage} [options]`;
};

const MAX_USAGE = 199;

const MISUSE = 'wrong usage';
const FAILURE = 'a file cannot be written, or another failure of the machine, or a bug';

/** Every exit code with its meaning. */
export const exitsOf = ({ exits = { 0: 'done' } }: CommandManual): readonly (readonly [string, string])[] =>
  Object.entries({ 2: MISUSE, 3: FAILURE, ...exits });
