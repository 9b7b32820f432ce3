/**
 * Makes few parts of what is built. esbuild makes one for each set of entries that share a module, and everything that
 * is loaded late is an entry: most parts would be tiny, and each that is loaded takes time and memory of its own.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type BuildOptions, build, type ImportKind, type Metafile, type Plugin } from 'esbuild';

/** So much more than it needs may an entry load so that there are fewer parts; who asks upstreams waits for those. */
const BESIDES_BYTES = 16 * 1024;
const BESIDES_SHARE = 0.02;
const BESIDES_SHARE_ONLINE = 0.5;
const ONLINE: readonly string[] = ['cli/check-online.ts', 'cli/lock.ts'];

/** Sets of parts, a bit for each. */
type PartSet = bigint;

interface Entry {
  readonly module: string;
  readonly needs: PartSet;
  /** What it needs, and what was loaded before by whoever loads it late. */
  readonly loaded: PartSet;
  readonly maxBytes: number;
}

/** Parts that are laid together, and what these parts import. */
interface Group {
  readonly parts: PartSet;
  readonly imports: PartSet;
}

interface Parts {
  readonly outputs: readonly Metafile['outputs'][string][];
  readonly entries: readonly Entry[];
  readonly groups: readonly Group[];
  /** Modules that are evaluated when they are asked for: whoever imports them would do so at once. */
  readonly late: ReadonlySet<string>;
}

const has = (parts: PartSet, index: number): boolean => ((parts >> BigInt(index)) & 1n) === 1n;

/** Packages and data come along with the modules that import them. */
const isOwn = (module: string): boolean => module.endsWith('.ts');

const besidesOf = (module: string, bytes: number): number => {
  const share = ONLINE.includes(module) ? BESIDES_SHARE_ONLINE : BESIDES_SHARE;
  return Math.max(BESIDES_BYTES, share * bytes);
};

const importing = (outputs: Metafile['outputs'], name: string, by: ImportKind): readonly string[] =>
  outputs[name]!.imports.filter(({ kind, path }) => kind === by && path in outputs).map(({ path }) => path);

/** What is loaded together with each part. */
const neededParts = (outputs: Metafile['outputs']): readonly PartSet[] => {
  const names = Object.keys(outputs);
  const needed = (name: string, seen: PartSet): PartSet => {
    const index = names.indexOf(name);
    if (has(seen, index)) return seen;
    return importing(outputs, name, 'import-statement').reduce(
      (all, path) => needed(path, all),
      seen | (1n << BigInt(index)),
    );
  };
  return names.map((name) => needed(name, 0n));
};

/** The entries that load each part late. */
const loadersOf = (
  outputs: Metafile['outputs'],
  needed: readonly PartSet[],
): readonly (readonly number[])[] => {
  const names = Object.keys(outputs);
  return names.map((name) => {
    const late = names.map((by) => importing(outputs, by, 'dynamic-import').includes(name));
    const isLoader = (entry: number): boolean =>
      outputs[names[entry]!]!.entryPoint !== undefined &&
      late.some((loads, part) => loads && has(needed[entry]!, part));
    return [...names.keys()].filter(isLoader);
  });
};

/** What is loaded with each part, and before it by all of those who load it late. */
const loadedParts = (outputs: Metafile['outputs'], needed: readonly PartSet[]): readonly PartSet[] => {
  const loaders = loadersOf(outputs, needed);
  let loaded = needed;
  for (;;) {
    const before = loaded;
    loaded = before.map((own, part) => {
      const theirs = loaders[part]!.map((entry) => before[entry]!);
      return theirs.length === 0 ? own : own | theirs.reduce((all, each) => all & each);
    });
    if (loaded.every((own, part) => own === before[part])) return loaded;
  }
};

const partsOf = ({ inputs, outputs }: Metafile): Parts => {
  const needed = neededParts(outputs);
  const loaded = loadedParts(outputs, needed);
  const all = Object.values(outputs);
  const entries = all.flatMap(({ entryPoint: module }, index) => {
    if (module === undefined || !isOwn(module)) return [];
    const bytes = bytesOf(loaded[index]!, all);
    const maxBytes = bytes + besidesOf(module, bytes);
    return [{ module, needs: needed[index]!, loaded: loaded[index]!, maxBytes }];
  });
  const late = Object.values(inputs).flatMap(({ imports }) =>
    imports.flatMap(({ kind, path }) => (kind === 'require-call' ? [path] : [])),
  );
  return {
    outputs: all,
    entries,
    late: new Set(late),
    groups: needed.map((imports, index) => ({ parts: 1n << BigInt(index), imports })),
  };
};

const bytesOf = (parts: PartSet, outputs: Parts['outputs']): number =>
  outputs.reduce((sum, { bytes }, index) => (has(parts, index) ? sum + bytes : sum), 0);

/** What an entry that needs `parts` loads where groups are laid together. */
const loadedOf = (parts: PartSet, groups: readonly Group[]): PartSet => {
  let loaded = parts;
  for (;;) {
    const before = loaded;
    for (const group of groups) if ((group.parts & loaded) !== 0n) loaded |= group.parts | group.imports;
    if (loaded === before) return loaded;
  }
};

/** The bytes that all entries load; infinite where one would load too many. */
const costOf = (groups: readonly Group[], { entries, outputs }: Parts): number =>
  entries.reduce((sum, { loaded, maxBytes }) => {
    const bytes = bytesOf(loadedOf(loaded, groups), outputs);
    return bytes > maxBytes ? Number.POSITIVE_INFINITY : sum + bytes;
  }, 0);

const together = (one: Group, other: Group): Group => ({
  parts: one.parts | other.parts,
  imports: one.imports | other.imports,
});

/** The smallest first: each is laid to what costs the least, as long as nobody loads too much. */
const laidTogether = (parts: Parts): readonly Group[] => {
  const { outputs, entries } = parts;
  const isShared = ({ parts: own }: Group): boolean =>
    entries.filter(({ needs }) => (needs & own) !== 0n).length > 1;
  const size = (group: Group): number => bytesOf(group.parts, outputs);
  let groups = parts.groups.filter(isShared);
  const settled: Group[] = [];
  while (groups.length > 0) {
    const [smallest, ...others] = groups.toSorted((one, other) => size(one) - size(other));
    const choices = others.map((other) => {
      const rest = others.filter((each) => each !== other);
      const chosen = [...rest, together(smallest!, other)];
      return { chosen, cost: costOf([...settled, ...chosen], parts) };
    });
    const [best] = choices.sort((one, other) => one.cost - other.cost);
    if (best !== undefined && best.cost < Number.POSITIVE_INFINITY) groups = best.chosen;
    else {
      settled.push(smallest!);
      groups = others;
    }
  }
  return settled;
};

/** What each entry has to import so that parts which are laid together are one. */
const importsOf = (parts: Parts): ReadonlyMap<string, readonly string[]> => {
  const groups = laidTogether(parts);
  const modulesIn = (some: PartSet): readonly string[] =>
    parts.outputs
      .flatMap(({ inputs }, index) => (has(some, index) ? Object.keys(inputs) : []))
      .filter((module) => isOwn(module) && !parts.late.has(module));
  return new Map(
    parts.entries.map(({ module, needs }) => [module, modulesIn(loadedOf(needs, groups) & ~needs)]),
  );
};

const importingBesides = (root: string, imports: ReadonlyMap<string, readonly string[]>): Plugin => ({
  name: 'parts',
  setup: ({ onLoad }) => {
    for (const [entry, modules] of imports) {
      if (modules.length === 0) continue;
      const path = join(root, entry);
      const lines = modules.map((module) => `import ${JSON.stringify(join(root, module))};\n`);
      onLoad({ filter: new RegExp(`^${RegExp.escape(path)}$`) }, async () => ({
        contents: `${await readFile(path, 'utf8')}\n${lines.join('')}`,
        loader: 'ts',
      }));
    }
  },
});

/**
 * The text of each part without imports of nothing from what is loaded with another one: esbuild has entries import all
 * that they load, and Node.js resolves the path of each import anew.
 */
const withoutIdleImports = ({ outputs }: Metafile): ReadonlyMap<string, (text: string) => string> => {
  const names = Object.keys(outputs);
  const needed = neededParts(outputs);
  const isLoadedWith = (other: string, name: string): boolean =>
    has(needed[names.indexOf(other)]!, names.indexOf(name));
  return new Map(
    names.map((name) => {
      const imported = importing(outputs, name, 'import-statement');
      const idle = imported.filter((path) =>
        imported.some((other) => isLoadedWith(other, path) && !isLoadedWith(path, other)),
      );
      const drop = (text: string): string =>
        idle.reduce((rest, path) => rest.replace(`import"./${basename(path)}";`, ''), text);
      return [name, drop];
    }),
  );
};

/** As `build` of esbuild, with `splitting`. */
export const buildParts = async (options: BuildOptions & { readonly absWorkingDir: string }) => {
  const { absWorkingDir: root } = options;
  const { metafile } = await build({ ...options, metafile: true, write: false });
  const imports = importsOf(partsOf(metafile));
  const plugins = [...(options.plugins ?? []), importingBesides(root, imports)];
  const built = await build({ ...options, metafile: true, plugins, write: false });
  const drops = withoutIdleImports(built.metafile);
  for (const { path, text } of built.outputFiles)
    await writeFile(path, drops.get(relative(root, path))?.(text) ?? text);
  return built;
};
