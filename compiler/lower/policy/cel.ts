/** `cel`: one expression and what it decides. */
import type { CelPolicyNode } from '../../../schema/graph/policy.ts';
import type { GatewayData } from '../../configuration.ts';
import { given } from '../measure.ts';

type CelData = Extract<GatewayData['policies'][string], { type: 'cel' }>;

export const lowerCelPolicy = (policy: CelData, name: string): CelPolicyNode => ({
  kind: 'policy',
  type: 'cel',
  name,
  effect: policy.allow === undefined ? 'deny' : 'allow',
  expression: (policy.allow ?? policy.deny)!,
  ...given('because', policy.because),
});
