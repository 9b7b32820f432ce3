/** Thrown within this folder for what is too rare in a configuration to be laid out; the file stays as it is. */
export class UnusualToken extends Error {}
