/** How everybody starts the bench's upstream over pipes. */
import { packageFile } from './gateway-program.ts';
import { chooseCores } from './pinned-process.ts';

/** On the core of the load, whoever starts it: what it takes is neither counted nor in the way. */
export const stdioCommand = (): readonly string[] => [
  'taskset',
  '--cpu-list',
  String(chooseCores().load),
  process.execPath,
  packageFile('bench/stdio-upstream.ts'),
];
