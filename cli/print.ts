/** `gatewright print`: the effective configuration. Resolves no reference and shows no secret. */
import { effectiveOf } from '../compiler/print/effective.ts';
import { renderEffectiveJson } from '../compiler/print/render-json.ts';
import { renderYaml } from '../compiler/print/render-yaml.ts';
import { parseArguments } from './arguments.ts';
import { compileAt } from './compile-at.ts';
import type { Command } from './io.ts';
import { usageLine } from './manual/manual.ts';
import { PRINT } from './manual/print.ts';
import { projectOf } from './project-options.ts';
import { renderFindings } from './render-findings.ts';

/** Exit code 0, 1 if the configuration has errors, 2 for the usage. */
export const print: Command = async (args, io) => {
  const parsed = parseArguments(args, PRINT, 1);
  const project = typeof parsed === 'string' ? parsed : projectOf(parsed.positionals, parsed.values);
  if (typeof parsed === 'string' || typeof project === 'string') {
    io.err(`error: ${project}\n${usageLine('print', PRINT)}\n`);
    return 2;
  }
  const result = compileAt(project, io.cwd);
  if (result.compiled === undefined) {
    const fails = () => true;
    io.err(await renderFindings(result, { main: project.main, format: 'pretty', fails }, io));
    return 1;
  }
  if (result.composed === undefined) {
    io.err(`error: \`${project.main}\` is an artifact: print the configuration that it was made of\n`);
    return 1;
  }
  const { config, trace } = result.composed;
  const effective = effectiveOf(config, trace);
  const { origin, format } = parsed.values;
  io.out((format === 'json' ? renderEffectiveJson : renderYaml)(effective, { origin }));
  return 0;
};
