/** What the language leaves out of CEL on purpose, or cannot do, with the vectors that hang on it. */
import type { SpecVector } from './spec-vectors.ts';

interface Exclusion {
  readonly what: string;
  readonly reason: string;
  readonly applies: (vector: SpecVector) => boolean;
}

const GROUPS_OF_MESSAGES: ReadonlySet<string> = new Set([
  'dynamic',
  'enums',
  'proto2',
  'proto2_ext',
  'proto3',
  'wrappers',
]);

const LIBRARIES: ReadonlySet<string> = new Set(['bindings_ext', 'block_ext', 'encoders_ext', 'math_ext']);

const among =
  (...ids: readonly string[]) =>
  ({ id }: SpecVector): boolean =>
    ids.includes(id);

/** The first that applies counts. */
export const EXCLUSIONS: readonly Exclusion[] = [
  {
    what: 'messages',
    reason: 'MCP has JSON and no protobuf: no messages are made or read, and no enums exist',
    applies: ({ group, expression }) =>
      GROUPS_OF_MESSAGES.has(group) || /TestAllTypes(?:\s|\/\/ @)*\{|google\.protobuf\./.test(expression),
  },
  {
    what: 'libraries',
    reason: 'cel.bind, cel.block, base64 and math are not part of the language',
    applies: ({ group }) => LIBRARIES.has(group),
  },
  {
    what: 'optional values',
    reason: 'the parser does not read them; `has` serves',
    applies: ({ group, expression }) => group === 'optionals' || /\boptional\./.test(expression),
  },
  {
    what: 'loops with two variables',
    reason: 'the parser does not read them',
    applies: ({ group }) => group === 'macros2',
  },
  {
    what: 'quoted fields',
    reason: "the parser does not read them; `value['a-b']` serves",
    applies: ({ section }) => section === 'quoted_map_fields',
  },
  {
    what: 'format and quote',
    reason: 'they make text for people, which no condition or key needs',
    applies: ({ expression }) => /\.format\(|strings\.quote\(/.test(expression),
  },
  {
    what: 'functions of a host',
    reason: 'the functions are those of the language; there is no way to declare more',
    applies: ({ declarations }) => declarations.some((declaration) => declaration.function !== undefined),
  },
  {
    what: 'containers',
    reason: 'every name is written in full',
    applies: ({ group, container }) => group === 'namespace' && container !== '',
  },
  {
    what: 'a name that is a value and a group',
    reason: 'an attribute is either: `a.b` has fields or a value, so that there is nothing to resolve',
    applies: among(
      'fields/qualified_identifier_resolution/qualified_identifier_resolution_unchecked',
      'fields/qualified_identifier_resolution/ident_with_longest_prefix_check',
    ),
  },
  {
    what: 'null as a message',
    reason: 'a list of a time and null holds both; that null is a time too serves protobuf only',
    applies: ({ section }) => section === 'legacy_nullable_types',
  },
  {
    what: 'a failure that is absorbed',
    reason: '`2 / 0` is refused wherever it stands: nobody means it',
    applies: ({ id, fails, expression }) => id.startsWith('logic/') && !fails && /\/ 0/.test(expression),
  },
  {
    what: 'elements of an empty list',
    reason: 'their type is not told from what is done with them; none is ever there',
    applies: among('macros/filter/list_empty'),
  },
];

/** Why a vector is left out; undefined if it is not. */
export const exclusionOf = (vector: SpecVector): Exclusion | undefined =>
  EXCLUSIONS.find(({ applies }) => applies(vector));
