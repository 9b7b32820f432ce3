/** The last word about findings: levels of the configuration and comments in it take their part. */
import type { Diagnostic } from '../schema/diagnostic.ts';
import { EFFECTS } from './check/effects.ts';
import { levelled } from './check/lints.ts';
import type { Configuration } from './configuration.ts';
import type { Findings } from './diagnostics/findings.ts';
import { type Ignores, readIgnores } from './posture/ignore-comments.ts';
import type { SourceFile } from './source/source-file.ts';

type Judge = (finding: Diagnostic) => Diagnostic | undefined;

const judgeBy =
  (config: Configuration, ignores: Ignores): Judge =>
  (finding) => {
    const level = levelled(config, finding);
    return level && ignores.judge(level);
  };

/**
 * Judges what was found in `config`, which was read from `texts`, and tells what is only worth telling where nothing
 * is wrong otherwise.
 */
export const settle = (config: Configuration, texts: readonly SourceFile[], findings: Findings): void => {
  const { report } = findings;
  const ignores = readIgnores([...new Set([...texts, ...findings.files()])], report);
  const judge = judgeBy(config, ignores);
  findings.rejudge(judge);
  const tellEffects = () => {
    for (const check of EFFECTS) check(config, report);
  };
  for (const tell of [tellEffects, () => ignores.reportIdle(report)]) {
    // With errors elsewhere, what this is about may not have been reached.
    if (findings.hasErrors()) return;
    tell();
    findings.rejudge(judge);
  }
};

/** Findings made after the compile of `config`, as its levels and comments have them. */
export const settleLater = (
  { config, texts }: { readonly config: Configuration; readonly texts: readonly SourceFile[] },
  diagnostics: readonly Diagnostic[],
): readonly Diagnostic[] => {
  // What is wrong with the comments themselves was told by the compile.
  const judge = judgeBy(
    config,
    readIgnores(texts, () => {}),
  );
  return diagnostics.map(judge).filter((finding) => finding !== undefined);
};
