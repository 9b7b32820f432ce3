import { expect, it } from 'vitest';
import { GatewayError } from '../../runtime/errors.ts';

it('a failure of the protocol costs nobody a walk through the stack, and leaves other errors theirs', () => {
  const { stackTraceLimit } = Error;
  const error = new GatewayError('parse_error', 'the body is not JSON', { cause: 'why' });
  expect(error.stack).toBe('GatewayError: the body is not JSON');
  expect(error.cause).toBe('why');
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  expect(new Error('a bug').stack).toContain(import.meta.filename);
});
