/** `policies.*` of type `rbac`. */
import { type Static, Type } from 'typebox';
import { cel, closed, listOf, optional, pattern } from '../value.ts';

const Permission = closed(
  {
    method: Type.String({
      description: 'An MCP method, or `*`.',
      examples: ['tools/call'],
      minLength: 1,
      'x-literal': true,
    }),
    names: optional(
      listOf(pattern({ description: 'A name or glob.' }), {
        description: 'Names of tools or prompts, as exposed; all if absent.',
        minItems: 1,
      }),
    ),
    uris: optional(
      listOf(pattern({ description: 'A URI or glob.' }), {
        description: 'URIs of resources; all if absent.',
        minItems: 1,
      }),
    ),
  },
  { description: 'Something that may be done.' },
);

export const RbacPolicy = closed(
  {
    type: Type.Literal('rbac', { description: 'Roles and who has them; what no role allows is denied.' }),
    roles: Type.Record(
      Type.String({ pattern: '^[a-zA-Z][a-zA-Z0-9_-]{0,62}$' }),
      closed(
        {
          includes: optional(
            listOf(Type.String({ description: 'A role of this policy.', 'x-literal': true }), {
              description: 'Roles whose permissions this one has too.',
              default: [],
            }),
          ),
          allow: optional(listOf(Permission, { description: 'What the role may do.', default: [] })),
        },
        { description: 'A role.' },
      ),
      { description: 'Roles by name.', additionalProperties: false },
    ),
    bindings: listOf(
      closed(
        {
          roles: listOf(Type.String({ description: 'A role of this policy.', 'x-literal': true }), {
            description: 'Roles given.',
            minItems: 1,
          }),
          when: cel('call', 'bool', {
            description: 'Who has them.',
            examples: ["'engineering' in principal.roles"],
          }),
        },
        { description: 'Gives roles to callers.' },
      ),
      { description: 'Who has which role.', minItems: 1 },
    ),
  },
  { description: 'Roles and who has them.' },
);

export type RbacPolicy = Static<typeof RbacPolicy>;
