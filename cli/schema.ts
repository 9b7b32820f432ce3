/** `gatewright schema`: prints the JSON Schema of gateway.yaml, for editors. */
import schemaDocument from '../schema/gateway.schema.json' with { type: 'json' };
import type { Command } from './io.ts';
import { usageLine } from './manual/manual.ts';
import { SCHEMA } from './manual/schema.ts';

/** Exit code 0, or 2 if there is more than the word `print`. */
export const schema: Command = async (args, io) => {
  const [word = 'print', ...rest] = args;
  if (word !== 'print' || rest.length > 0) {
    io.err(`${usageLine('schema', SCHEMA)}\n`);
    return 2;
  }
  io.out(`${JSON.stringify(schemaDocument, null, 2)}\n`);
  return 0;
};
