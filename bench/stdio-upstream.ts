/** A process of its own: the bench's upstream over pipes, one line a message. Ends with its input. */
import { createInterface } from 'node:readline';
import { answerTo } from './upstream-answer.ts';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { body } = answerTo(line);
  if (body !== '') process.stdout.write(`${body}\n`);
});
