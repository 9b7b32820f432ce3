/** One finding of the generated validator, as ajv reports it. */
export interface ShapeError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Validates plain data against schema/gateway.schema.json; the findings are in `errors` afterwards. */
export declare const validate: {
  (data: unknown): boolean;
  errors: readonly ShapeError[] | null;
};
