/** The commands by name. Each is loaded when it is called, so that `run` does not wait for the others. */
import type { Command } from './io.ts';
import { CHECK } from './manual/check.ts';
import { COMPILE } from './manual/compile.ts';
import { EXPLAIN } from './manual/explain.ts';
import { EXPLAIN_CODE } from './manual/explain-code.ts';
import { FMT } from './manual/fmt.ts';
import { GRAPH } from './manual/graph.ts';
import { HEALTH } from './manual/health.ts';
import { INIT } from './manual/init.ts';
import { KEYS } from './manual/keys.ts';
import { LOCK } from './manual/lock.ts';
import type { CommandManual } from './manual/manual.ts';
import { MIGRATE } from './manual/migrate.ts';
import { PLAN } from './manual/plan.ts';
import { PRINT } from './manual/print.ts';
import { RUN } from './manual/run.ts';
import { SCHEMA } from './manual/schema.ts';
import { STDIO } from './manual/stdio.ts';
import { TEST } from './manual/test.ts';
import { VERIFY } from './manual/verify.ts';
import { VERSION } from './manual/version.ts';

/** A command's manual (`manual/<command>.ts`) and how it is loaded. */
interface CommandEntry extends CommandManual {
  readonly load: () => Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  run: { ...RUN, load: async () => (await import('./run.ts')).run },
  stdio: { ...STDIO, load: async () => (await import('./stdio.ts')).stdio },
  check: { ...CHECK, load: async () => (await import('./check.ts')).check },
  fmt: { ...FMT, load: async () => (await import('./fmt.ts')).fmt },
  migrate: { ...MIGRATE, load: async () => (await import('./migrate.ts')).migrate },
  print: { ...PRINT, load: async () => (await import('./print.ts')).print },
  lock: { ...LOCK, load: async () => (await import('./lock.ts')).lock },
  init: { ...INIT, load: async () => (await import('./init.ts')).init },
  graph: { ...GRAPH, load: async () => (await import('./graph.ts')).graph },
  plan: { ...PLAN, load: async () => (await import('./plan.ts')).plan },
  compile: { ...COMPILE, load: async () => (await import('./compile.ts')).compile },
  verify: { ...VERIFY, load: async () => (await import('./verify.ts')).verify },
  health: { ...HEALTH, load: async () => (await import('./health.ts')).health },
  schema: { ...SCHEMA, load: async () => (await import('./schema.ts')).schema },
  explain: { ...EXPLAIN, load: async () => (await import('./explain.ts')).explain },
  test: { ...TEST, load: async () => (await import('./test.ts')).test },
  'explain-code': { ...EXPLAIN_CODE, load: async () => (await import('./explain-code.ts')).explainCode },
  keys: { ...KEYS, load: async () => (await import('./keys.ts')).keys },
  version: { ...VERSION, load: async () => (await import('./version.ts')).version },
};
