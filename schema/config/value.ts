/**
 * Scalar kinds of the language. Each carries a `format` that the compiler checks and converts
 * (compiler/parse/format), so that a unit, a name or an expression is declared in one place.
 */
import { Type } from 'typebox';

/** What the description, default and examples of a field may say besides its shape. */
export interface FieldOptions {
  readonly description: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly [keyword: PropertyKey]: unknown;
}

const text = (format: string, options: FieldOptions) => Type.String({ ...options, format });

/** A duration with its unit, e.g. `30s`; units `ms s m h d`. Lowered to milliseconds. */
export const duration = (options: FieldOptions) => text('duration', options);
/** A size with its unit, e.g. `4MiB`; units `B KiB MiB GiB`. Lowered to bytes. */
export const size = (options: FieldOptions) => text('size', options);
/** A rate with its unit, e.g. `600/m`; units `/s /m /h /d`. Lowered to a count and a period. */
export const rate = (options: FieldOptions) => text('rate', options);
/** A quota with its window, e.g. `100000/30d`. Lowered to a count and a window in milliseconds. */
export const quota = (options: FieldOptions) => text('quota', options);
/** A percentage, e.g. `50%`. Lowered to a ratio from 0 to 1. */
export const percentage = (options: FieldOptions) => text('percentage', options);
/** An address range in CIDR form, or a single address. */
export const cidr = (options: FieldOptions) => text('cidr', options);
/** `public`, or an address range. */
export const egressRange = (options: FieldOptions) => text('egress-range', options);
/** An absolute http or https URL. */
export const httpUrl = (options: FieldOptions) => text('http-url', options);
/** Where a store is: `redis:` or `rediss:`, host, port and the number of a database. */
export const storeUrl = (options: FieldOptions) => text('store-url', options);
/** A web origin: scheme, host and port, nothing after. */
export const origin = (options: FieldOptions) => text('origin', options);
/** A host name or address, with an optional port. */
export const host = (options: FieldOptions) => text('host', options);
/** `address:port`, or `unix:/path`. */
export const bindAddress = (options: FieldOptions) => text('bind', options);
/** An absolute URL path, e.g. `/engineering`. */
export const peerAddress = (options: FieldOptions) => text('peer-address', options);

export const urlPath = (options: FieldOptions) => text('url-path', options);
/** An HTTP field name (RFC 9110). */
export const headerName = (options: FieldOptions) => text('header-name', options);
/** A file of the configuration, relative to the file that names it: read and hashed when compiled. */
export const inputFile = (options: FieldOptions) => text('input-file', options);
/** A file of the language, or a glob of such files, below the folder of the main file. */
export const includedFiles = (options: FieldOptions) => text('included-files', options);
/** A name or a glob with `*`; no other character is special. */
export const pattern = (options: FieldOptions) => text('pattern', options);
/** A calendar date, `2027-06-30` (RFC 3339 full-date). */
export const calendarDate = (options: FieldOptions) => text('calendar-date', options);
/** An instant, `2027-06-30T23:59:59Z` (RFC 3339 date-time). */
export const dateTime = (options: FieldOptions) => text('date-time', options);
/** A value that must be a reference (`${file:…}`, `${env:…}`), never a literal. */
export const secret = (options: FieldOptions) => text('secret', options);

/** The environments that expressions are typed against; see policies/cel/environment.ts. */
export type CelEnvironment = 'call' | 'claims' | 'response';

/** A CEL expression over `environment` that yields `result`. */
export const cel = (environment: CelEnvironment, result: CelResult, options: FieldOptions) =>
  Type.String({ ...options, format: 'cel', 'x-cel-environment': environment, 'x-cel-result': result });

/** The type that a CEL expression must have. */
export type CelResult = 'bool' | 'string' | 'list(string)' | 'any';

/** The sections whose entries can be referred to by name. */
export type NamedSection = 'listeners' | 'identity' | 'servers' | 'upstreams' | 'policies' | 'limits';

/** The name of an entry of `section`; dangling names are diagnostics. */
export const nameOf = (section: NamedSection, options: FieldOptions) =>
  Type.String({ ...options, 'x-name-of': section });

/** An object that admits no key but those listed. */
export const closed = <P extends Parameters<typeof Type.Object>[0]>(properties: P, options: FieldOptions) =>
  Type.Object(properties, { ...options, additionalProperties: false });

/** What names of listeners, servers, upstreams and so on look like. */
export const NAME_PATTERN = '^[a-zA-Z][a-zA-Z0-9_-]{0,62}$';

/** A map from names chosen by the user to entries of one shape. */
export const named = <S extends Parameters<typeof Type.Record>[1]>(entry: S, options: FieldOptions) =>
  Type.Record(Type.String({ pattern: NAME_PATTERN }), entry, { ...options, additionalProperties: false });

/** A map from names of another system, which match `keys`, to texts. */
export const textsBy = (keys: string, options: FieldOptions) =>
  Type.Record(Type.String({ pattern: keys }), Type.String(), { ...options, additionalProperties: false });

/** One of a fixed set of words. */
export const oneOf = <const T extends string>(words: readonly T[], options: FieldOptions) =>
  Type.Enum([...words] as T[], { ...options, type: 'string' });

/** true or false. */
export const flag = (options: FieldOptions) => Type.Boolean(options);

/** A whole number from `minimum` to `maximum`. */
export const count = (options: FieldOptions) => Type.Integer({ minimum: 1, ...options });

/** A list of `item`. */
export const listOf = <S extends Parameters<typeof Type.Array>[0]>(item: S, options: FieldOptions) =>
  Type.Array(item, options);

/** A union told apart by `type`; errors are reported for the chosen branch only. */
export const unionByType = <const T extends Parameters<typeof Type.Union>[0]>(
  branches: T,
  options: FieldOptions,
) => Type.Union(branches as unknown as [...T], { ...options, 'x-discriminator': 'type' });

/** An optional field. */
export const optional = Type.Optional;
