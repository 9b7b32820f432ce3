/** The variables of a vector as an environment, and values as the evaluator takes and yields them. */
import {
  type CelInput,
  celList,
  celMap,
  celUint,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
} from '@bufbuild/cel';
import type { CelAttribute, CelEnvironment, CelGroup } from '../../../../policies/cel/environment.ts';
import * as cel from '../../../../policies/cel/types.ts';
import type { SpecType, SpecValue, SpecVector } from './spec-vectors.ts';

/** Names of variables in a vector, with their values. */
export type SpecFacts = Readonly<Record<string, SpecValue>>;

const PRIMITIVES: Readonly<Record<string, cel.CelType>> = {
  BOOL: cel.BOOL,
  INT64: cel.INT,
  UINT64: cel.UINT,
  DOUBLE: cel.DOUBLE,
  STRING: cel.STRING,
  BYTES: cel.BYTES,
};

interface ListType {
  readonly elemType: SpecType;
}

interface MapType {
  readonly keyType: SpecType;
  readonly valueType: SpecType;
}

/** A type of the vectors as one of ours; undefined where we have none. */
export const celTypeOf = (type: SpecType): cel.CelType | undefined => {
  const [[kind, part]] = Object.entries(type) as [[string, unknown]];
  switch (kind) {
    case 'primitive':
      return PRIMITIVES[String(part)];
    case 'null':
      return cel.NULL;
    case 'dyn':
      return cel.DYN;
    case 'wellKnown':
      return part === 'TIMESTAMP' ? cel.TIMESTAMP : part === 'DURATION' ? cel.DURATION : undefined;
    case 'wrapper': {
      const of = PRIMITIVES[String(part)];
      return of && cel.nullableOf(of);
    }
    case 'listType': {
      const element = celTypeOf((part as ListType).elemType);
      return element && cel.listOf(element);
    }
    case 'mapType': {
      const [key, value] = [celTypeOf((part as MapType).keyType), celTypeOf((part as MapType).valueType)];
      return key && value && cel.mapOf(key, value);
    }
    case 'messageType':
      return MESSAGES[String(part)];
    default:
      return undefined;
  }
};

const fields = (types: Readonly<Record<string, cel.CelType>>): cel.CelType =>
  cel.objectOf(
    new Map(Object.entries(types).map(([name, type]) => [name, { type, isRequired: true }])),
    false,
  );

/** Messages that type_deductions has variables of, as objects with the fields that it names. */
const MESSAGES: Readonly<Record<string, cel.CelType>> = {
  'google.protobuf.Duration': cel.DURATION,
  'cel.expr.conformance.proto3.TestAllTypes': fields({
    single_int64: cel.INT,
    single_int64_wrapper: cel.nullableOf(cel.INT),
    single_string_wrapper: cel.nullableOf(cel.STRING),
    single_duration: cel.DURATION,
    single_timestamp: cel.TIMESTAMP,
    repeated_nested_message: cel.listOf(fields({ bb: cel.INT })),
  }),
};

/** The environment of a vector; undefined if it declares what we have no type for. */
export const environmentOf = ({ declarations }: SpecVector): CelEnvironment<SpecFacts> | undefined => {
  const root = new Map<string, CelAttribute<SpecFacts> | CelGroup<SpecFacts>>();
  for (const { name, ident } of declarations) {
    const type = ident && celTypeOf(ident.type);
    if (type === undefined) return undefined;
    const steps = name.split('.');
    let fieldsHere = root;
    for (const step of steps.slice(0, -1)) {
      const entry = fieldsHere.get(step) ?? { fields: new Map() };
      if (!('fields' in entry)) return undefined;
      fieldsHere.set(step, entry);
      fieldsHere = entry.fields as typeof root;
    }
    fieldsHere.set(steps.at(-1)!, { type, read: (facts) => readValue(type, facts[name]) });
  }
  return { name: 'call', fields: root };
};

const isJson = ({ kind }: cel.CelType): boolean => kind === 'dyn' || kind === 'map' || kind === 'object';

const readValue = (type: cel.CelType, value: SpecValue | undefined): unknown => {
  if (value === undefined) return undefined;
  return isJson(type) ? jsonOf(value) : inputOf(value);
};

interface Entries {
  readonly entries?: readonly { readonly key: SpecValue; readonly value: SpecValue }[];
}

interface Values {
  readonly values?: readonly SpecValue[];
}

const jsonOf = (value: SpecValue): unknown => {
  const [[kind, part]] = Object.entries(value) as [[string, unknown]];
  switch (kind) {
    case 'mapValue':
      return Object.fromEntries(
        ((part as Entries).entries ?? []).map((entry) => [jsonOf(entry.key), jsonOf(entry.value)]),
      );
    case 'listValue':
      return ((part as Values).values ?? []).map(jsonOf);
    case 'int64Value':
      return Number(part);
    default:
      return part;
  }
};

const inputOf = (value: SpecValue): CelInput => {
  const [[kind, part]] = Object.entries(value) as [[string, unknown]];
  switch (kind) {
    case 'int64Value':
      return BigInt(part as string);
    case 'uint64Value':
      return celUint(BigInt(part as string));
    case 'doubleValue':
      return Number(part);
    case 'bytesValue':
      return Uint8Array.from(Buffer.from(String(part), 'base64'));
    case 'listValue':
      return celList(((part as Values).values ?? []).map(inputOf));
    case 'mapValue':
      return celMap(
        new Map(
          ((part as Entries).entries ?? []).map((entry) => [
            inputOf(entry.key) as string,
            inputOf(entry.value),
          ]),
        ),
      );
    case 'objectValue':
      return messageOf(part as TypedMessage);
    default:
      return part as CelInput;
  }
};

interface TypedMessage {
  readonly '@type': string;
  readonly value: string;
}

/** Durations are the only messages that variables hold. */
const messageOf = ({ value }: TypedMessage): CelInput => {
  const [seconds, fraction = ''] = value.replace('s', '').split('.');
  const nanos = Number(fraction.padEnd(9, '0'));
  return { $typeName: 'google.protobuf.Duration', seconds: BigInt(seconds!), nanos } as unknown as CelInput;
};

/** An expected value as text; entries of maps in the order of their keys. */
export const shownValue = (value: SpecValue): string => {
  const [[kind, part]] = Object.entries(value) as [[string, unknown]];
  switch (kind) {
    case 'nullValue':
      return 'null';
    case 'int64Value':
      return `int ${part}`;
    case 'uint64Value':
      return `uint ${part}`;
    case 'doubleValue':
      return shownDouble(Number(part));
    case 'bytesValue':
      return `bytes ${Buffer.from(String(part), 'base64').toString('hex')}`;
    case 'listValue':
      return `[${((part as Values).values ?? []).map(shownValue).join(', ')}]`;
    case 'mapValue':
      return shownEntries(
        ((part as Entries).entries ?? []).map((entry) => [shownValue(entry.key), shownValue(entry.value)]),
      );
    case 'typeValue':
      return `type ${part}`;
    case 'objectValue': {
      const { '@type': name, value: text } = part as TypedMessage;
      return shownMessage(name.slice(name.lastIndexOf('/') + 1), text);
    }
    default:
      return JSON.stringify(part);
  }
};

const shownDouble = (value: number): string => `double ${Object.is(value, -0) ? '-0' : value}`;

const shownEntries = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries
    .map(([key, value]) => `${key}: ${value}`)
    .sort()
    .join(', ')}}`;

const shownMessage = (name: string, text: string): string => {
  if (name === 'google.protobuf.Timestamp') {
    const [whole, fraction = ''] = text.replace('Z', '').split('.');
    return shownTime('timestamp', BigInt(Date.parse(`${whole}Z`)) / 1000n, fraction.padEnd(9, '0'));
  }
  if (name !== 'google.protobuf.Duration') return `${name} ${text}`;
  const [seconds, fraction = ''] = text.replace('s', '').split('.');
  return shownTime('duration', BigInt(seconds!), `${text[0] === '-' ? '-' : ''}${fraction.padEnd(9, '0')}`);
};

const shownTime = (kind: string, seconds: bigint, nanos: string): string =>
  `${kind} ${seconds} ${Number(nanos)}`;

/** What the evaluator yields, in the same words. */
export const shownOutcome = (outcome: unknown): string => {
  if (outcome === null) return 'null';
  if (typeof outcome === 'bigint') return `int ${outcome}`;
  if (typeof outcome === 'number') return shownDouble(outcome);
  if (isCelUint(outcome)) return `uint ${outcome.value}`;
  if (outcome instanceof Uint8Array) return `bytes ${Buffer.from(outcome).toString('hex')}`;
  if (isCelList(outcome)) return `[${[...outcome].map(shownOutcome).join(', ')}]`;
  if (isCelMap(outcome)) {
    return shownEntries([...outcome].map(([key, value]) => [shownOutcome(key), shownOutcome(value)]));
  }
  if (isCelType(outcome)) return `type ${outcome.name}`;
  if (typeof outcome === 'object' && 'message' in outcome) {
    const { seconds, nanos, $typeName } = outcome.message as {
      readonly $typeName: string;
      readonly seconds: bigint;
      readonly nanos: number;
    };
    const kind = $typeName === 'google.protobuf.Timestamp' ? 'timestamp' : 'duration';
    return shownTime(kind, seconds, String(nanos));
  }
  return JSON.stringify(outcome);
};
