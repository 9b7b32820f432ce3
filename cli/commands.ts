/** The commands by name. Each is loaded when it is called, so that `run` does not wait for the others. */
import type { Command } from './io.ts';
import { PROJECT_USAGE } from './project-options.ts';

interface CommandEntry {
  /** What follows the name. */
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  run: {
    usage: '[gateway.yaml]',
    summary: 'serve the configuration and reload it when it changes',
    load: async () => (await import('./run.ts')).run,
  },
  stdio: {
    usage: '<server> [gateway.yaml] [--log <file>]',
    summary: 'serve one server on standard input and output, for a client that starts it',
    load: async () => (await import('./stdio.ts')).stdio,
  },
  check: {
    usage: `${PROJECT_USAGE} [--format pretty|json] [--deny-warnings] [--fix]`,
    summary: 'compile the configuration and report every finding',
    load: async () => (await import('./check.ts')).check,
  },
  schema: {
    usage: '',
    summary: 'print the JSON Schema of gateway.yaml',
    load: async () => (await import('./schema.ts')).schema,
  },
  'explain-code': {
    usage: '<code>',
    summary: 'explain a diagnostic, for example GW2003',
    load: async () => (await import('./explain-code.ts')).explainCode,
  },
  keys: {
    usage: 'add|list|rotate|revoke …',
    summary: 'manage API keys',
    load: async () => (await import('./keys.ts')).keys,
  },
  version: {
    usage: '',
    summary: 'print the version',
    load: async () => (await import('./version.ts')).version,
  },
};
