/** `gatewright schema`: prints the JSON Schema of gateway.yaml, for editors. */
import schemaDocument from '../schema/gateway.schema.json' with { type: 'json' };
import type { Command } from './io.ts';

/** Exit code 0, or 2 if there are arguments. */
export const schema: Command = async (args, io) => {
  if (args.length > 0) {
    io.err('usage: gatewright schema\n');
    return 2;
  }
  io.out(`${JSON.stringify(schemaDocument, null, 2)}\n`);
  return 0;
};
