/** `api-key`: the keys of its file. */
import type { ApiKeyIdentityNode } from '../../../schema/graph/identity.ts';
import type { Inputs } from '../../input/inputs.ts';

export const lowerApiKey = (name: string, inputs: Inputs): ApiKeyIdentityNode => ({
  kind: 'identity',
  type: 'api-key',
  name,
  keys: inputs.keys.get(name) ?? [],
});
