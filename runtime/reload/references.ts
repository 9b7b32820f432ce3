/** Resolves the references of a compiled graph: environment variables and files, read when a graph is loaded. */
import { dirname, resolve } from 'node:path';
import { type Graph, isReference, type NodeId, type Reference } from '../../schema/graph/graph.ts';
import { parseReference, type ReferencePart } from '../../schema/reference.ts';
import { referenceValue } from '../../schema/reference-value.ts';
import { readSettled, unreadReason } from './read-settled.ts';
import { ABSENT, digestOf } from './snapshot.ts';
import { TurnTaking } from './turn-taking.ts';

/** One reference that has no value. Names what was asked for and where, never what was found. */
export interface ReferenceProblem {
  /** Where it stands in gateway.yaml, e.g. `upstreams.github.credentials.token`. */
  readonly field: string;
  /** As written, e.g. `${env:TOKEN}`. */
  readonly reference: string;
  /** A fact, e.g. `the variable is not set`. */
  readonly reason: string;
}

/** A value that was resolved. Secret: for keyed digests only. */
export interface ResolvedValue {
  readonly node: NodeId | undefined;
  /** Where it stands in the graph, e.g. `upstreams.github.bearerToken`. */
  readonly field: string;
  readonly value: string;
}

export interface Resolution {
  /** Frozen; undefined if there are problems. */
  readonly graph: Graph | undefined;
  readonly problems: readonly ReferenceProblem[];
  readonly values: readonly ResolvedValue[];
  /** The files that were read, absolute, with the digests of their bytes. */
  readonly files: ReadonlyMap<string, string>;
}

interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration's main file, absolute; paths of references are relative to its folder. */
  readonly main: string;
}

/** Sections whose entries are nodes, with the kind that their ids begin with. */
const NODE_KINDS: Readonly<Record<string, string>> = {
  listeners: 'listener',
  identities: 'identity',
  servers: 'server',
  upstreams: 'upstream',
  policies: 'policy',
  limits: 'limit',
};

/** A problem's reason, thrown within this file only. */
class Unresolved extends Error {}

const convert = (text: string, reference: Reference): unknown => {
  const converted = referenceValue(text, reference);
  return converted.problem === undefined ? converted.value : reject(`the value ${converted.problem}`);
};

const reject = (reason: string): never => {
  throw new Unresolved(reason);
};

type EnvPart = Extract<ReferencePart, { kind: 'env' }>;

const CONTROL = /[\0\r\n]/;

/** How deep nodes lie in a graph: below sections. */
const NODE_DEPTH = 2;

const hasReference = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (isReference(value)) return true;
  for (const member of Object.values(value)) if (hasReference(member)) return true;
  return false;
};

class Resolver {
  readonly #turns = new TurnTaking();
  readonly problems: ReferenceProblem[] = [];
  readonly values: ResolvedValue[] = [];
  readonly files = new Map<string, string>();
  readonly #texts = new Map<string, Promise<string>>();
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** `value` with every reference in it replaced; the same object where there is none. */
  async resolve(value: unknown, path: readonly string[]): Promise<unknown> {
    if (typeof value !== 'object' || value === null) return value;
    if (isReference(value)) return await this.#reference(value, path);
    if (path.length === NODE_DEPTH) {
      await this.#turns.next();
      if (!hasReference(value)) return value;
    }
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const [index, item] of value.entries())
        items.push(await this.resolve(item, [...path, String(index)]));
      return items.every((item, index) => item === value[index]) ? value : Object.freeze(items);
    }
    const members: [string, unknown][] = [];
    let isSame = true;
    for (const [key, member] of Object.entries(value)) {
      const resolved = await this.resolve(member, [...path, key]);
      isSame &&= resolved === member;
      members.push([key, resolved]);
    }
    return isSame ? value : Object.freeze(Object.fromEntries(members));
  }

  async #reference(reference: Reference, path: readonly string[]): Promise<unknown> {
    let text = '';
    try {
      for (const part of parseReference(reference.$reference).parts) text += await this.#part(part);
      const value = convert(text, reference);
      this.values.push({ node: nodeOf(path), field: path.join('.'), value: text });
      return value;
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error;
      this.#problem({ field: reference.path, reference: reference.$reference, reason: error.message });
      return undefined;
    }
  }

  /** A field that stands in several places of the graph is told once. */
  #problem(problem: ReferenceProblem): void {
    const isTold = ({ field, reference, reason }: ReferenceProblem) =>
      field === problem.field && reference === problem.reference && reason === problem.reason;
    if (!this.problems.some(isTold)) this.problems.push(problem);
  }

  async #part(part: ReferencePart): Promise<string> {
    switch (part.kind) {
      case 'text':
        return part.text;
      case 'env':
        return this.#variable(part);
      case 'file':
        return await this.#text(resolve(dirname(this.#host.main), part.path));
    }
  }

  #variable({ name, fallback, message }: EnvPart): string {
    const value = this.#host.env[name];
    if (value === undefined || value === '')
      return fallback ?? reject(message || `the variable is ${value === undefined ? 'not set' : 'empty'}`);
    // A line break could begin a header or a log line of its own, a NUL end a text early.
    return CONTROL.test(value) ? reject('the variable has a line break or a NUL in it') : value;
  }

  /** A file's text without its last line break, which editors and tools add. */
  async #text(path: string): Promise<string> {
    let text = this.#texts.get(path);
    if (text === undefined) {
      text = this.#read(path);
      this.#texts.set(path, text);
    }
    return await text;
  }

  async #read(path: string): Promise<string> {
    try {
      const bytes = await readSettled(path);
      this.files.set(path, digestOf(bytes));
      const text = bytes.toString('utf8').replace(/\r?\n$/, '');
      return text === '' ? reject('the file is empty') : text;
    } catch (error) {
      if (error instanceof Unresolved) throw error;
      this.files.set(path, ABSENT);
      return reject(`the file ${unreadReason(error)?.slice('it '.length) ?? 'cannot be read'}`);
    }
  }
}

const nodeOf = ([section, name]: readonly string[]): NodeId | undefined => {
  const kind = NODE_KINDS[section ?? ''];
  return kind === undefined || name === undefined ? undefined : (`${kind}:${name}` as NodeId);
};

/**
 * The graph with values in place of its references. An unset or empty variable without a default and a file that
 * is missing, empty or unreadable are problems; all of them are found, none tells a value.
 */
export const resolveReferences = async (graph: Graph, host: Host): Promise<Resolution> => {
  const resolver = new Resolver(host);
  const resolved = await resolver.resolve(graph, []);
  const { problems, values, files } = resolver;
  return { graph: problems.length === 0 ? (resolved as Graph) : undefined, problems, values, files };
};
