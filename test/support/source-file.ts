/** The repository's own sources as data, for tests that hold them to the rules of the house. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  /** The folder at the top: `schema`, `runtime`, …; empty for a file beside them. */
  readonly room: string;
  readonly lines: number;
  /** Repository paths of relative imports, names of packages and built-in modules otherwise. */
  readonly imports: readonly string[];
  readonly hasDefaultExport: boolean;
  /** Whether it only hands on what other files export. */
  readonly isBarrel: boolean;
  /** What is asked of global objects and such: `process.exit`, `Date.now`, and `new Date` without arguments. */
  readonly uses: ReadonlySet<string>;
  readonly functions: readonly { readonly line: number; readonly lines: number }[];
}

/** Files of the repository, those not committed yet too. */
export const repositoryFiles = (): readonly string[] => {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return list.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
};

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

const visit = (value: unknown, each: (node: SyntaxNode) => void): void => {
  if (Array.isArray(value)) for (const item of value) visit(item, each);
  else if (isNode(value)) {
    each(value);
    for (const member of Object.values(value)) if (typeof member === 'object') visit(member, each);
  }
};

const nameOf = (node: unknown): string =>
  isNode(node) && node.type === 'Identifier' ? String(node.name) : '';

/** `a.b` of a member expression over two names, `new A` of a construction without arguments. */
const useOf = (node: SyntaxNode): string | undefined => {
  if (node.type === 'MemberExpression' && nameOf(node.object) !== '')
    return `${nameOf(node.object)}.${nameOf(node.property)}`;
  if (node.type === 'NewExpression' && Array.isArray(node.arguments) && node.arguments.length === 0)
    return `new ${nameOf(node.callee)}`;
  return undefined;
};

const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);

/** Where an import leads: a repository path, or what it says. */
const target = (path: string, specifier: string): string =>
  specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier;

/** Parses a TypeScript file. */
export const readSourceFile = (path: string): SourceFile => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const { program, module } = parseSync(path, text);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.map((entry) => entry.moduleRequest?.value)),
    ...module.dynamicImports.map(({ moduleRequest }) =>
      text.slice(moduleRequest.start, moduleRequest.end).replaceAll(/^['"`]|['"`]$/g, ''),
    ),
  ].filter((specifier) => specifier !== undefined);
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  const functions: { line: number; lines: number }[] = [];
  const uses = new Set<string>();
  visit(program, (node) => {
    const { type, start, end } = node;
    const use = useOf(node);
    if (use !== undefined) uses.add(use);
    if (!FUNCTIONS.has(type)) return;
    functions.push({ line: lineCount(text.slice(0, start)) + 1, lines: lineCount(text.slice(start, end)) });
  });
  return {
    path,
    room: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    lines: lineCount(text),
    imports: [...new Set(specifiers.map((specifier) => target(path, specifier)))],
    hasDefaultExport: exported.some(({ exportName }) => exportName.kind === 'Default'),
    isBarrel: exported.some((entry) => entry.moduleRequest !== null),
    functions,
    uses,
  };
};
