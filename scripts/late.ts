/** Modules of the bundle that are evaluated when they are asked for first, and not when what imports them is. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

const GIVING =
  /^(?:\/\*\*[\s\S]*?\*\/\s*)?import \{ (\w+) \} from '([^']+)';\s*export const (\w+) = \(\): typeof \1 => \1;\s*$/;

/** What esbuild is given for a file `late-….ts`, which gives what it imports, and does nothing else. */
export const lateText = (text: string): string => {
  const [, imported, from, name] = GIVING.exec(text) ?? [];
  if (name === undefined) throw new Error('a file that is evaluated late gives nothing but what it imports');
  // esbuild evaluates what is required where it is required, though it lies in the same file.
  return `let known;\nexport const ${name} = () => (known ??= require('${from}').${imported});\n`;
};

export const late: Plugin = {
  name: 'late',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]late-[\w-]+\.ts$/ }, ({ path }) => ({
      contents: lateText(readFileSync(path, 'utf8')),
      loader: 'js',
    }));
  },
};
