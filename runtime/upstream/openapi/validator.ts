/** Checks values against JSON Schema 2020-12. The library is loaded by the first that needs it. */
import type { ErrorObject } from 'ajv';
import { re2 } from '../../../policies/cel/late-re2.ts';

/** What is wrong with a value, for those who sent it; undefined if nothing is. */
export type Validate = (value: unknown) => string | undefined;

/** Compiles a schema. */
export type CompileSchema = (schema: object) => Validate;

/** Longer ones are left to the API: compiling costs the square of the length. */
const MAX_PATTERN_LENGTH = 1000;

const matcherOf = (pattern: string): ((text: string) => boolean) => {
  try {
    if (pattern.length > MAX_PATTERN_LENGTH) return () => true;
    const compiled = re2().compile(pattern);
    return (text) => compiled.test(text);
  } catch {
    return () => true;
  }
};

/**
 * A pattern in the engine that is linear in the text; what it does not know is left to the API. The validator tells
 * patterns apart by their text.
 */
const linearRegex = (pattern: string) => ({ test: matcherOf(pattern), toString: () => pattern });
/** Part of the interface that ajv asks for: how standalone code would name it. */
linearRegex.code = 'linearRegex';

const messageOf = ({ instancePath, message = 'is wrong', params }: ErrorObject): string => {
  const name: unknown = params.additionalProperty ?? params.unevaluatedProperty;
  const detail = typeof name === 'string' ? `: \`${name}\`` : '';
  return `${instancePath === '' ? '' : `\`${instancePath.slice(1)}\` `}${message}${detail}`;
};

let loading: Promise<() => CompileSchema> | undefined;

const load = async (): Promise<() => CompileSchema> => {
  // A bundle has what CommonJS exports as `default` alone.
  const { Ajv2020 } = (await import('ajv/dist/2020.js')).default;
  return () => {
    const ajv = new Ajv2020({
      meta: false,
      strict: false,
      validateSchema: false,
      validateFormats: false,
      addUsedSchema: false,
      logger: false,
      code: { regExp: linearRegex },
    });
    // Comparing all items with all others is for the API, which knows how many it takes.
    ajv.removeKeyword('uniqueItems');
    return (schema) => {
      const check = ajv.compile(schema);
      return (value) => (check(value) ? undefined : messageOf(check.errors![0]!));
    };
  };
};

/** A compiler of schemas of its own, which keeps what it compiled for as long as it is kept. */
export const loadSchemaCompiler = async (): Promise<CompileSchema> => {
  loading ??= load();
  return (await loading)();
};
