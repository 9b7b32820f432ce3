/** `identity.*` of type `api-key`: keys made by `gatewright keys add`. */
import { type Static, Type } from 'typebox';
import { closed, inputFile } from '../value.ts';

export const ApiKeyIdentity = closed(
  {
    type: Type.Literal('api-key', {
      description: 'Keys of the form `gw_<id>_<secret>`, sent as bearer tokens.',
    }),
    keysFile: inputFile({
      description: "The file that holds the keys' hashes; `gatewright keys` writes it.",
      examples: ['./keys.yaml'],
    }),
  },
  { description: 'API keys.' },
);

export type ApiKeyIdentity = Static<typeof ApiKeyIdentity>;
