/** Findings in the format that was asked for; each renderer is loaded when it is needed. */
import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import type { CompileResult } from '../compiler/compile.ts';
import type { Diagnostic } from '../schema/diagnostic.ts';
import { readFrom } from './compile-at.ts';
import type { CommandIo } from './io.ts';
import { packageFile } from './package-file.ts';
import { packageVersion } from './version.ts';

export type FindingsFormat = 'pretty' | 'json' | 'sarif' | 'github' | 'junit';

interface Rendering {
  readonly main: string;
  readonly format: FindingsFormat;
  /** Whether a finding makes the command fail. */
  readonly fails: (diagnostic: Diagnostic) => boolean;
}

const pageOf = (code: string): string | undefined => {
  try {
    return readFileSync(packageFile(`docs/diagnostics/${code}.md`), 'utf8');
  } catch {
    return undefined;
  }
};

/** The text of a file that a finding is in, as the compiler read it. */
const textIn = (cwd: string) => (path: string) => {
  const bytes = readFrom(cwd)(path);
  return bytes && new TextDecoder().decode(bytes);
};

/** Where a step works below the root of the checkout; empty if that is not known. */
const folderInCheckout = (cwd: string, root: string | undefined): string => {
  const folder = root === undefined || root === '' ? '' : relative(root, cwd);
  return folder.startsWith('..') || isAbsolute(folder) ? '' : folder;
};

/** What is written to standard output. */
export const renderFindings = async (
  { compiled, diagnostics, sources }: CompileResult,
  { main, format, fails }: Rendering,
  { cwd, color, env }: CommandIo,
): Promise<string> => {
  switch (format) {
    case 'pretty': {
      const { renderPretty } = await import('../compiler/diagnostics/render/pretty.ts');
      return renderPretty(main, diagnostics, { textOf: textIn(cwd), color });
    }
    case 'json': {
      const { renderJson } = await import('../compiler/diagnostics/render/json.ts');
      return renderJson(main, diagnostics, compiled?.hash);
    }
    case 'sarif': {
      const { renderSarif } = await import('../compiler/diagnostics/render/sarif.ts');
      return renderSarif(diagnostics, { version: packageVersion(), pageOf });
    }
    case 'github': {
      const { renderGithub } = await import('../compiler/diagnostics/render/github.ts');
      return renderGithub(main, diagnostics, folderInCheckout(cwd, env.GITHUB_WORKSPACE));
    }
    case 'junit': {
      const { renderJunit } = await import('../compiler/diagnostics/render/junit.ts');
      const files = sources.filter(({ sha256 }) => sha256 !== undefined).map(({ path }) => path);
      return renderJunit(diagnostics, { files, fails });
    }
  }
};
