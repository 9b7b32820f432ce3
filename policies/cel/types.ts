/** The types of CEL as data: what environments declare and the compile-time checker computes with. */

/** Types without parts. `dyn` is known only when evaluated. */
export type CelScalarName =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'timestamp'
  | 'duration'
  | 'dyn';

export type CelType =
  | { readonly kind: CelScalarName }
  /** What the elements of an empty list are: of any type. */
  | { readonly kind: 'never' }
  /** A number of JSON: an int where it is whole, else a double. */
  | { readonly kind: 'number' }
  | { readonly kind: 'list'; readonly element: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  /** What `type(x)` yields; without `of`, the type of some value. */
  | { readonly kind: 'type'; readonly of?: CelType }
  | { readonly kind: 'nullable'; readonly of: CelType }
  | CelObjectType;

/** A map whose keys are declared. */
export interface CelObjectType {
  readonly kind: 'object';
  readonly fields: ReadonlyMap<string, CelField>;
  /** Whether it may have others. */
  readonly isOpen: boolean;
}

export interface CelField {
  readonly type: CelType;
  readonly isRequired: boolean;
}

export const BOOL: CelType = { kind: 'bool' };
export const INT: CelType = { kind: 'int' };
export const UINT: CelType = { kind: 'uint' };
export const DOUBLE: CelType = { kind: 'double' };
export const STRING: CelType = { kind: 'string' };
export const BYTES: CelType = { kind: 'bytes' };
export const NULL: CelType = { kind: 'null' };
export const TIMESTAMP: CelType = { kind: 'timestamp' };
export const DURATION: CelType = { kind: 'duration' };
export const DYN: CelType = { kind: 'dyn' };
export const NEVER: CelType = { kind: 'never' };
export const NUMBER: CelType = { kind: 'number' };

export const listOf = (element: CelType): CelType => ({ kind: 'list', element });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value });

export const typeOf = (of: CelType): CelType => ({ kind: 'type', of });
export const nullableOf = (of: CelType): CelType => ({ kind: 'nullable', of });
export const objectOf = (fields: CelObjectType['fields'], isOpen: boolean): CelType => ({
  kind: 'object',
  fields,
  isOpen,
});

/** Whether only an evaluation tells what a value is. */
export const isDynamic = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'never';

/** A type as CEL writes it, e.g. `list(string)`. */
export const typeName = (type: CelType): string => {
  switch (type.kind) {
    case 'list':
      return `list(${typeName(type.element)})`;
    case 'map':
      return `map(${typeName(type.key)}, ${typeName(type.value)})`;
    case 'type':
      return type.of === undefined ? 'type' : `type(${typeName(type.of)})`;
    case 'nullable':
      return `wrapper(${typeName(type.of)})`;
    case 'object':
      return 'map(string, dyn)';
    case 'never':
      return 'dyn';
    default:
      return type.kind;
  }
};
