/** Fixtures of the compiler: folders with a gateway.yaml and what is expected of it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readVerifyingKey } from '../../compiler/artifact/signing-key.ts';
import { type CompileInput, type CompileResult, compile } from '../../compiler/compile.ts';
import { renderPretty } from '../../compiler/diagnostics/render/pretty.ts';
import { readSuite } from '../../compiler/test-file/read-suite.ts';
import { listFolder } from '../../runtime/reload/list-folder.ts';

export const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

/** Whether goldens are written instead of compared: `UPDATE_GOLDENS=1`. */
export const UPDATE_GOLDENS = process.env.UPDATE_GOLDENS === '1';

/** What a fixture's artifact is called. */
export const ARTIFACT = 'gateway.artifact.json';
/** The public key that signatures of a fixture are held to, if it has one. */
export const TRUSTED_KEY = 'trusted.pub.pem';
/** What a fixture's file of tests is called. */
export const TESTS = 'gateway.test.yaml';
/** What a fixture's overlay is called. */
const OVERLAY = 'overlay.yaml';

/** Names of the fixtures of a group. */
export const fixturesIn = (group: string): readonly string[] =>
  readdirSync(join(FIXTURES, group), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

/** Reads files of one folder; undefined where there is none. */
export const readerOf = (folder: string) => (path: string) => {
  const file = join(folder, path);
  return existsSync(file) ? readFileSync(file) : undefined;
};

/** Lists folders below one folder. */
export const listerOf = (folder: string) => (path: string) => listFolder(join(folder, path));

/** The file that a fixture is about: a configuration, or an artifact. */
const mainOf = (group: string, name: string): string =>
  existsSync(join(FIXTURES, group, name, ARTIFACT)) ? ARTIFACT : 'gateway.yaml';

const trustIn = (folder: string): Pick<CompileInput, 'trust'> => {
  const file = join(folder, TRUSTED_KEY);
  if (!existsSync(file)) return {};
  const key = readVerifyingKey(readFileSync(file, 'utf8'));
  return 'problem' in key ? {} : { trust: [key] };
};

/** A fixture with a file of tests is about that file: what is wrong is what `gatewright test` says. */
const withTests = (result: CompileResult, folder: string): CompileResult => {
  const { compiled } = result;
  if (compiled === undefined || !existsSync(join(folder, TESTS))) return result;
  const { suite, diagnostics } = readSuite(TESTS, readerOf(folder)(TESTS), {
    graph: compiled.graph,
    lock: result.lock,
  });
  const all = [...result.diagnostics, ...diagnostics];
  return { ...result, compiled: suite === undefined ? undefined : compiled, diagnostics: all };
};

export const compileFixture = (group: string, name: string): CompileResult => {
  const folder = join(FIXTURES, group, name);
  const overlays = existsSync(join(folder, OVERLAY)) ? [OVERLAY] : [];
  const result = compile({
    main: mainOf(group, name),
    overlays,
    read: readerOf(folder),
    list: listerOf(folder),
    ...trustIn(folder),
  });
  return withTests(result, folder);
};

/** What `gatewright check` prints about a fixture. */
export const renderFixture = (group: string, name: string): string => {
  const read = readerOf(join(FIXTURES, group, name));
  const textOf = (path: string) => {
    const bytes = read(path);
    return bytes && new TextDecoder().decode(bytes);
  };
  const { diagnostics } = compileFixture(group, name);
  const hasTests = existsSync(join(FIXTURES, group, name, TESTS));
  return renderPretty(hasTests ? TESTS : mainOf(group, name), diagnostics, { textOf, color: false });
};

/** Compares a text with its golden file, or writes the file. */
export const expectGolden = (path: string, actual: string): void => {
  if (UPDATE_GOLDENS) writeFileSync(path, actual);
  expect(actual).toBe(readFileSync(path, 'utf8'));
};
