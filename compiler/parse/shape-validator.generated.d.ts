/** One finding of the generated validator, as ajv reports it. */
export interface ShapeError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Validates plain data; the findings are in `errors` afterwards. */
export interface Validate {
  (data: unknown): boolean;
  errors?: readonly ShapeError[] | null;
}

export declare const validateGateway: Validate;
export declare const validateKeys: Validate;
export declare const validateTests: Validate;
