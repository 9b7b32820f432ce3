/** In the key of a limit the address of an IPv6 client is its network, which equals no address and no other range. */
import { type CelExpr, fieldChain } from '../../../policies/cel/expression.ts';
import { KEY_ENVIRONMENT } from '../../../policies/limit/key-environment.ts';
import { clientNetwork } from '../../../policies/listen/client-key.ts';
import { canonicalAddress, parseRange } from '../../address.ts';
import { type Inference, spanOf } from './inference.ts';
import { literalText } from './literals.ts';
import { celProblem, guess } from './problem.ts';

const namesAddress = (expr: CelExpr): boolean => fieldChain(expr)?.join('.') === 'client.address';

/** The network that an IPv6 address or range is in; undefined for any other text. */
const networkOf = (text: string): string | undefined => {
  const range = parseRange(text);
  return range?.family === 'ipv6' ? clientNetwork(canonicalAddress(range.address)) : undefined;
};

const check = (inference: Inference, literal: CelExpr): void => {
  const text = literalText(literal);
  const network = text === undefined ? undefined : networkOf(text);
  if (text === undefined || network === undefined || network === text) return;
  const span = spanOf(inference, literal);
  inference.warnings.push(
    celProblem(
      'whole-address',
      span,
      `\`client.address\` is never \`${text}\` in the key of a limit`,
      [`the network of a client is written \`'${network}'\``],
      {
        notes: ['an IPv6 client moves within its /64 at will, so that a key sees no more of its address'],
        fix: guess(span, `'${network}'`),
      },
    ),
  );
};

/** Warns where one of two values that are compared is the address, and the other a text that it never is. */
export const noteComparedAddress = (inference: Inference, one: CelExpr, other: CelExpr): void => {
  if (inference.environment !== KEY_ENVIRONMENT) return;
  if (namesAddress(one)) check(inference, other);
  else if (namesAddress(other)) check(inference, one);
};

/** Warns of texts in a list that the address is looked up in, though it is none of them. */
export const noteListedAddress = (inference: Inference, element: CelExpr, range: CelExpr): void => {
  if (inference.environment !== KEY_ENVIRONMENT || !namesAddress(element)) return;
  if (range.exprKind.case !== 'listExpr') return;
  for (const each of range.exprKind.value.elements) check(inference, each);
};
