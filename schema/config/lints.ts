/** `lints`: how much each kind of warning counts. */
import { type Static, Type } from 'typebox';
import { oneOf } from './value.ts';

/** Which codes there are is known to the compiler, which says what was meant by others. */
const CODE_PATTERN = '^\\w+$';

export const Lints = Type.Record(
  Type.String({ pattern: CODE_PATTERN }),
  oneOf(['off', 'warning', 'error'], {
    description: 'What findings of this code are: not told, warnings, or errors, which stop a compile.',
  }),
  {
    description:
      'How much findings count, by their code. Warnings and posture findings can be changed, other errors cannot. ' +
      'For one place only, write `# gatewright-ignore <code>: <reason>` at its line or the line above.',
    default: {},
    examples: [{ GW2009: 'error', GW4008: 'off' }],
    additionalProperties: false,
  },
);

export type Lints = Static<typeof Lints>;
