/** One operation, ready to be called. What a call needs is at hand; the rest is made by the first that needs it. */
import { parseExactly } from '../../../schema/escaped-keys.ts';
import type { OpenApiOperationNode } from '../../../schema/graph/upstream.ts';
import { type ApiRequest, argumentsIn, prepareRequest } from './api-request.ts';
import { losesDigits, parseExact } from './exact-json.ts';
import { InvalidArgument } from './serialise.ts';
import type { CompileSchema, Validate } from './validator.ts';

interface Tool {
  readonly inputSchema: object;
  readonly outputSchema?: object;
}

export class Operation {
  readonly name: string;
  readonly idempotent: boolean;
  readonly #build: (values: Readonly<Record<string, unknown>>) => ApiRequest;
  readonly #tool: string;
  readonly #compile: CompileSchema;
  #schemas: { readonly input: Validate; readonly output: Validate | undefined } | undefined;

  constructor(node: OpenApiOperationNode, credentialQuery: string | undefined, compile: CompileSchema) {
    this.name = node.name;
    this.idempotent = node.idempotent;
    this.#build = prepareRequest(node, credentialQuery);
    this.#tool = node.tool;
    this.#compile = compile;
  }

  /** Checks results against the output schema; undefined where there is none. */
  get output(): Validate | undefined {
    return this.#checks.output;
  }

  /**
   * The request of a call, whose message is `body` and whose parameters are `params`; a text that says what is
   * wrong with the arguments if none can be made.
   */
  request(body: string, params: unknown): ApiRequest | string {
    const values = argumentsIn(params);
    const problem = values === undefined ? 'they are not an object' : this.#checks.input(values);
    if (values === undefined || problem !== undefined) return `invalid arguments: ${problem}`;
    try {
      return this.#build(losesDigits(body) ? exactArguments(body) : values);
    } catch (thrown) {
      if (thrown instanceof InvalidArgument) return `invalid arguments: ${thrown.message}`;
      throw thrown;
    }
  }

  get #checks(): { readonly input: Validate; readonly output: Validate | undefined } {
    if (this.#schemas === undefined) {
      const { inputSchema, outputSchema } = parseExactly(this.#tool) as Tool;
      const output = outputSchema === undefined ? undefined : this.#compile(outputSchema);
      this.#schemas = { input: this.#compile(inputSchema), output };
    }
    return this.#schemas;
  }
}

const exactArguments = (body: string): Readonly<Record<string, unknown>> => {
  const { params } = parseExact(body) as { readonly params?: unknown };
  return argumentsIn(params) ?? {};
};
