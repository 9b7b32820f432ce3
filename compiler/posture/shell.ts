/** GW4014: a child process that is a shell with a command line. */
import { isReference } from '../../schema/graph/graph.ts';
import type { Check } from '../check/check.ts';
import { placeAt } from '../configuration.ts';

const SHELL = /(?:^|[/\\])((?:ba|da|z|k|c|tc|fi|a)?sh|busybox|cmd(?:\.exe)?|powershell(?:\.exe)?|pwsh)$/i;
const COMMAND_FLAG = /^(?:-[a-z]*c|\/c|-command|-encodedcommand)$/i;
/** Programs that start what follows them. */
const LAUNCHER = /(?:^|\/)(?:env|nice|nohup|timeout|setsid|sudo|doas|exec)$/;

/** Index of the shell in a command that runs one with a command line. */
const shellIndex = (command: readonly string[]): number => {
  const words = command.map((word) => (isReference(word) ? '' : word));
  const start = LAUNCHER.test(words[0] ?? '') ? words.findIndex((word) => SHELL.test(word)) : 0;
  if (start < 0 || !SHELL.test(words[start] ?? '')) return -1;
  return words.slice(start + 1).some((word) => COMMAND_FLAG.test(word)) ? start : -1;
};

export const judgeShells: Check = (config, report) => {
  for (const [upstream, node] of Object.entries(config.data.upstreams)) {
    if (node.type !== 'stdio') continue;
    const index = shellIndex(node.command);
    if (index < 0) continue;
    const place = placeAt(config, 'upstreams', upstream, 'command', index);
    report('GW4014', place, { shell: node.command[index]!, upstream });
  }
};
