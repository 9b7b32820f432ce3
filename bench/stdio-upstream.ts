/** A process of its own: the bench's upstream over pipes, one line a message. Ends with its input. */
import { createInterface } from 'node:readline';
import { LEGACY_REVISION } from './call.ts';
import { answerTo } from './upstream-answer.ts';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { body: text } = answerTo(line);
  // Clients that are older still want the revision that they asked for.
  const asked = /"protocolVersion":"([-0-9]+)"/.exec(line)?.[1] ?? LEGACY_REVISION;
  const body = text.replace(`"protocolVersion":"${LEGACY_REVISION}"`, `"protocolVersion":"${asked}"`);
  if (body !== '') process.stdout.write(`${body}\n`);
});
