/** The last word about findings: levels of the configuration and comments in it take their part. */
import type { Diagnostic } from '../schema/diagnostic.ts';
import { EFFECTS } from './check/effects.ts';
import { levelled } from './check/lints.ts';
import type { Configuration } from './configuration.ts';
import type { Findings } from './diagnostics/findings.ts';
import { readIgnores } from './posture/ignore-comments.ts';
import type { SourceFile } from './source/source-file.ts';

/**
 * Judges what was found in `config`, which was read from `texts`, and tells what is only worth telling where nothing
 * is wrong otherwise.
 */
export const settle = (config: Configuration, texts: readonly SourceFile[], findings: Findings): void => {
  const { report } = findings;
  const ignores = readIgnores([...new Set([...texts, ...findings.files()])], report);
  const judge = (finding: Diagnostic) => {
    const level = levelled(config, finding);
    return level && ignores.judge(level);
  };
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
