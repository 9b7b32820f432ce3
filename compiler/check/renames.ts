/** A rename must be of something that `allow` lets through. */
import { compileGlobs } from '../../policies/glob.ts';
import { type Configuration, keyAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Check } from './check.ts';

const checkSelection = (
  config: Configuration,
  server: string,
  index: number,
  kind: 'tools' | 'prompts',
  report: Report,
): void => {
  const selection = config.data.servers[server]!.expose[index]![kind] || undefined;
  if (!selection?.rename || !selection.allow) return;
  const admits = compileGlobs(selection.allow);
  for (const name of Object.keys(selection.rename)) {
    if (admits(name)) continue;
    report('GW2016', keyAt(config, 'servers', server, 'expose', index, kind, 'rename', name), { name });
  }
};

export const checkRenames: Check = (config, report) => {
  for (const [server, { expose }] of Object.entries(config.data.servers)) {
    for (const index of expose.keys()) {
      checkSelection(config, server, index, 'tools', report);
      checkSelection(config, server, index, 'prompts', report);
    }
  }
};
