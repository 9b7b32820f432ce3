import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Gateway } from '../schema/config/gateway.ts';
import { ROOT, readSourceFile, repositoryFiles, type SourceFile } from './support/source-file.ts';

const FILES = repositoryFiles();
const ALL = FILES.filter((path) => /\.m?ts$/.test(path) && !isGenerated(path)).map(readSourceFile);
const ROOMS = ['schema', 'policies', 'compiler', 'runtime', 'cli'];
const PRODUCT = ALL.filter(({ room }) => ROOMS.includes(room));

const MAX_LINES = 500;
const MAX_MEDIAN_LINES = 150;
const MAX_FUNCTION_LINES = 60;

/** The only door from the runtime to the compiler. */
const COMPILER_DOOR = 'runtime/reload/compile.ts';
const RUNTIME_ENTRY = 'runtime/main.ts';

/** What a room may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  policies: ['schema'],
  compiler: ['schema', 'policies'],
  runtime: ['schema', 'policies'],
  cli: ['schema', 'policies', 'compiler', 'runtime'],
};

/** Built-in modules that compute and touch nothing outside. */
const PURE_MODULES = ['node:assert', 'node:assert/strict', 'node:buffer', 'node:crypto', 'node:util'];
const MAY_USE_MODULES: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  // For BlockList and isIP.
  policies: [...PURE_MODULES, 'node:net'],
  compiler: [...PURE_MODULES, 'node:net', 'node:path', 'node:path/posix'],
};

const PURE_ROOMS = ['schema', 'policies', 'compiler'];
const IMPURE = new Set(['Date.now', 'new Date', 'performance.now', 'Math.random']);

function isGenerated(path: string): boolean {
  return path.includes('.generated.');
}

const roomOf = (path: string): string | undefined => ROOMS.find((room) => path.startsWith(`${room}/`));

const isAllowed = (file: SourceFile, imported: string): boolean => {
  const room = roomOf(imported);
  if (imported === RUNTIME_ENTRY) return file.room === 'cli';
  if (file.path === COMPILER_DOOR && room === 'compiler') return true;
  if (room !== undefined) return room === file.room || (MAY_IMPORT[file.room] ?? []).includes(room);
  if (imported.startsWith('node:')) return MAY_USE_MODULES[file.room]?.includes(imported) ?? true;
  // Files of no room (tests, scripts, benchmarks) are no part of the product; packages are.
  return !FILES.includes(imported);
};

describe('the rooms', () => {
  it('import in one direction only', () => {
    const wrong = PRODUCT.flatMap((file) =>
      file.imports
        .filter((imported) => !isAllowed(file, imported))
        .map((imported) => `${file.path} → ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  it('import files that exist', () => {
    const missing = ALL.flatMap(({ path, imports }) =>
      imports
        .filter(
          (imported) =>
            imported.includes('/') && /\.(m?[jt]s|json)$/.test(imported) && !imported.startsWith('@'),
        )
        .filter(
          (imported) =>
            !existsSync(join(ROOT, imported)) && !existsSync(join(ROOT, 'node_modules', imported)),
        )
        .map((imported) => `${path} → ${imported}`),
    );
    expect(missing).toEqual([]);
  });

  it('read neither clock nor process where they must be pure', () => {
    const isImpure = (use: string) => use.startsWith('process.') || IMPURE.has(use);
    const impure = PRODUCT.filter(({ room }) => PURE_ROOMS.includes(room)).flatMap(({ path, uses }) =>
      [...uses].filter(isImpure).map((use) => `${path}: ${use}`),
    );
    expect(impure).toEqual([]);
  });

  it('end the process in the command line only', () => {
    const ending = PRODUCT.filter(({ room }) => room !== 'cli').flatMap(({ path, uses }) =>
      ['process.exit', 'process.exitCode', 'process.argv']
        .filter((use) => uses.has(use))
        .map((use) => `${path}: ${use}`),
    );
    expect(ending).toEqual([]);
  });
});

describe('the files', () => {
  it('hand nothing on that another file exports, and export nothing by default', () => {
    const offenders = ALL.filter((file) => file.isBarrel || file.hasDefaultExport).map(({ path }) => path);
    expect(offenders.filter((path) => basename(path) !== 'vitest.config.ts')).toEqual([]);
  });

  it('are short', () => {
    const tooLong = ALL.filter(({ lines }) => lines > MAX_LINES).map(
      ({ path, lines }) => `${path}: ${lines} lines`,
    );
    expect(tooLong).toEqual([]);
    const sizes = PRODUCT.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(MAX_MEDIAN_LINES);
  });

  it('hold functions that fit on a screen', () => {
    const tooLong = PRODUCT.flatMap(({ path, functions }) =>
      functions
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ line, lines }) => `${path}:${line} has ${lines} lines`),
    );
    expect(tooLong).toEqual([]);
  });

  it('have names that say what is in them', () => {
    const names = ALL.map(({ path }) => path).filter(
      (path) =>
        !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.m?ts$/.test(basename(path)) ||
        /(^|\/)index\.|(^|[/-])(utils?|helpers?|managers?|common|misc)([-./]|$)/.test(path),
    );
    expect(names).toEqual([]);
  });

  it('name no place that only one machine has', () => {
    const places =
      /(?:^|[\s'"`(=])\/(?:root|Users|work)\/|\bhttps?:\/\/(?:localhost:4873|[a-z.-]*verdaccio)|"resolved":/m;
    const text = FILES.filter(
      (path) => /\.(m?[jt]s|json|ya?ml|md|sh|toml)$/.test(path) || path.startsWith('.'),
    );
    const offenders = text.filter(
      (path) => path !== 'test/architecture.test.ts' && places.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect(offenders).toEqual([]);
  });
});

interface Union {
  readonly anyOf: readonly { readonly properties: { readonly type: { readonly const: string } } }[];
}

const unionOf = (section: keyof typeof Gateway.properties): Union => {
  const record = Gateway.properties[section] as unknown as {
    readonly patternProperties: Record<string, Union>;
  };
  return Object.values(record.patternProperties)[0]!;
};

/** Where each layer keeps the file of a kind; one of the places must hold it. */
const LAYERS = {
  identity: { section: 'identity', runtime: ['runtime/identity'] },
  upstream: { section: 'upstreams', runtime: ['runtime/upstream'] },
  policy: { section: 'policies', runtime: ['policies'] },
  limit: { section: 'limits', runtime: ['policies/limit', 'runtime/traffic'] },
} as const;

const kinds = Object.entries(LAYERS).flatMap(([folder, { section, runtime }]) =>
  unionOf(section).anyOf.map(({ properties }) => ({ folder, kind: properties.type.const, runtime })),
);

describe.each(kinds)('the kind $folder/$kind', ({ folder, kind, runtime }) => {
  const has = (path: string) => existsSync(join(ROOT, path));

  it('has a file of its name in each layer', () => {
    expect.soft(has(`schema/config/${folder}/${kind}.ts`), 'configuration').toBe(true);
    expect.soft(has(`compiler/lower/${folder}/${kind}.ts`), 'lowering').toBe(true);
    const places = runtime.flatMap((place) => [`${place}/${kind}.ts`, `${place}/${kind}`]);
    expect.soft(places.some(has), `one of ${places.join(', ')}`).toBe(true);
  });

  it('has a page in the manual', () => {
    expect(has(`docs/${folder}/${kind}.md`)).toBe(true);
  });
});
