/** A graph that this process cannot come to serve. */
export class NeedsRestart extends Error {
  /** The fields of gateway.yaml that have changed and are only read at the start. */
  readonly fields: readonly string[];

  constructor(fields: readonly string[]) {
    super(`a restart is needed for ${fields.map((field) => `\`${field}\``).join(', ')}`);
    this.name = 'NeedsRestart';
    this.fields = fields;
  }
}
