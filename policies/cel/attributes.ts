/**
 * Finds what an expression asks of its environment. Each attribute, however long its path, becomes one name of
 * its own in the tree, so that evaluation reads just that and never builds the objects around it.
 */
import type { CelAttribute, CelEnvironment, CelGroup } from './environment.ts';
import { findAttribute } from './environment.ts';
import { type CelExpr, type CelNode, callNode, fieldChain, nameNode } from './expression.ts';
import { METERED_RANGE } from './meter.ts';

/** One attribute that an expression reads, or whose presence it tests. */
export interface AttributeUse<F> {
  /** What it is called in the rewritten tree. */
  readonly name: string;
  /** As written, e.g. `args.labels`. */
  readonly path: string;
  readonly attribute: CelAttribute<F>;
  /** Members within the attribute's JSON. */
  readonly members: readonly string[];
  /** Whether the value is wanted or only whether there is one. */
  readonly wants: 'value' | 'presence';
}

export interface AttributeUses<F> {
  readonly expr: CelExpr;
  readonly uses: readonly AttributeUse<F>[];
  /** Every attribute named, with the groups and attributes that it is part of. */
  readonly variables: ReadonlySet<string>;
  /** Whether something is done once per element of a list or map. */
  readonly loops: boolean;
}

/** Names that stand for types, e.g. in `type(x) == int`. */
export const TYPE_NAMES: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
  'uint',
]);

type Scope = readonly string[];

/** @throws Error for a name that the environment does not have; the compiler's checker reports these before. */
export const findAttributeUses = <F>(expr: CelExpr, environment: CelEnvironment<F>): AttributeUses<F> => {
  const finder = new AttributeFinder(environment);
  const rewritten = finder.rewrite(expr, []);
  return { expr: rewritten, uses: finder.uses, variables: finder.variables, loops: finder.loops };
};

class AttributeFinder<F> {
  readonly uses: AttributeUse<F>[] = [];
  readonly variables = new Set<string>();
  loops = false;
  readonly #environment: CelEnvironment<F>;
  readonly #nameByKey = new Map<string, string>();

  constructor(environment: CelEnvironment<F>) {
    this.#environment = environment;
  }

  rewrite(expr: CelExpr, scope: Scope): CelExpr {
    const chain = fieldChain(expr);
    const root = chain?.[0];
    if (chain !== undefined && root !== undefined && !scope.includes(root)) {
      if (chain.length === 1 && TYPE_NAMES.has(root)) return expr;
      return nameNode(expr, this.#use(chain, 'value'));
    }
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'selectExpr':
        return this.#rewriteSelect(expr, exprKind.value, scope);
      case 'callExpr': {
        const { target, args } = exprKind.value;
        const value = { ...exprKind.value, args: args.map((argument) => this.rewrite(argument, scope)) };
        if (target !== undefined) value.target = this.rewrite(target, scope);
        return { ...expr, exprKind: { case: 'callExpr', value } };
      }
      case 'listExpr': {
        const elements = exprKind.value.elements.map((element) => this.rewrite(element, scope));
        return { ...expr, exprKind: { case: 'listExpr', value: { ...exprKind.value, elements } } };
      }
      case 'structExpr':
        return this.#rewriteMap(expr, exprKind.value, scope);
      case 'comprehensionExpr':
        return this.#rewriteLoop(expr, exprKind.value, scope);
      default:
        return expr;
    }
  }

  #rewriteSelect(expr: CelExpr, select: CelNode<'selectExpr'>, scope: Scope): CelExpr {
    const operand = required(select.operand);
    const chain = select.testOnly ? fieldChain(operand) : undefined;
    if (chain !== undefined && !scope.includes(chain[0] ?? '')) {
      return nameNode(expr, this.#use([...chain, select.field], 'presence'));
    }
    const value = { ...select, operand: this.rewrite(operand, scope) };
    return { ...expr, exprKind: { case: 'selectExpr', value } };
  }

  #rewriteMap(expr: CelExpr, struct: CelNode<'structExpr'>, scope: Scope): CelExpr {
    if (struct.messageName !== '') throw new Error('messages cannot be made in an expression');
    const entries = struct.entries.map((entry) => {
      const keyKind =
        entry.keyKind.case === 'mapKey'
          ? { case: 'mapKey' as const, value: this.rewrite(entry.keyKind.value, scope) }
          : entry.keyKind;
      return { ...entry, keyKind, value: this.rewrite(required(entry.value), scope) };
    });
    return { ...expr, exprKind: { case: 'structExpr', value: { ...struct, entries } } };
  }

  #rewriteLoop(expr: CelExpr, loop: CelNode<'comprehensionExpr'>, scope: Scope): CelExpr {
    if (this.#environment.fields.has(loop.iterVar)) {
      throw new Error(`\`${loop.iterVar}\` is an attribute and cannot name an element`);
    }
    this.loops = true;
    const withResult = [...scope, loop.accuVar];
    const within = [...withResult, loop.iterVar];
    const value = {
      ...loop,
      iterRange: callNode(METERED_RANGE, this.rewrite(required(loop.iterRange), scope)),
      accuInit: this.rewrite(required(loop.accuInit), scope),
      loopCondition: this.rewrite(required(loop.loopCondition), within),
      loopStep: this.rewrite(required(loop.loopStep), within),
      result: this.rewrite(required(loop.result), withResult),
    };
    return { ...expr, exprKind: { case: 'comprehensionExpr', value } };
  }

  #use(chain: readonly string[], wants: 'value' | 'presence'): string {
    const key = JSON.stringify([wants, ...chain]);
    const known = this.#nameByKey.get(key);
    if (known !== undefined) return known;
    const { attribute, depth } = this.#attributeOf(chain, wants);
    const name = `@attribute${this.uses.length}`;
    this.#nameByKey.set(key, name);
    for (let length = 1; length <= chain.length; length++)
      this.variables.add(chain.slice(0, length).join('.'));
    this.uses.push({ name, path: chain.join('.'), attribute, members: chain.slice(depth), wants });
    return name;
  }

  #attributeOf(chain: readonly string[], wants: 'value' | 'presence') {
    for (let depth = 1; depth <= chain.length; depth++) {
      const entry = findAttribute(this.#environment, chain.slice(0, depth));
      if (entry === undefined) break;
      if ('fields' in entry) {
        if (depth === chain.length && wants === 'presence') return { attribute: anyAttribute(entry), depth };
        continue;
      }
      const { kind } = entry.type;
      if (depth < chain.length && kind !== 'dyn' && kind !== 'map') break;
      return { attribute: entry, depth };
    }
    throw new Error(
      `\`${chain.join('.')}\` is not an attribute of the environment \`${this.#environment.name}\``,
    );
  }
}

/** A group is present when its attributes are: any one tells. */
const anyAttribute = <F>(group: CelGroup<F>): CelAttribute<F> => {
  for (const entry of group.fields.values()) return 'fields' in entry ? anyAttribute(entry) : entry;
  throw new Error('an empty group');
};

const required = (expr: CelExpr | undefined): CelExpr => {
  if (expr === undefined) throw new Error('incomplete expression');
  return expr;
};
