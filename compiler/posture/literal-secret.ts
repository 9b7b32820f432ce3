/** GW4010: texts that look like secrets, by the prefixes of known issuers or by their randomness. */
import type { Check } from '../check/check.ts';
import type { ScalarUse } from '../configuration.ts';
import { secretKind } from '../secret-text.ts';

const nameOf = ({ path }: ScalarUse): string => String(path.findLast((step) => typeof step === 'string'));

const isFreeText = ({ schema }: ScalarUse): boolean =>
  schema.enum === undefined && schema['x-name-of'] === undefined && schema['x-cel-environment'] === undefined;

const kindOf = (use: ScalarUse): string | undefined => {
  const isHeaderOrVariable = use.path.at(-2) === 'env' || use.path.at(-2) === 'set';
  return secretKind(String(use.scalar.value), isHeaderOrVariable ? nameOf(use) : undefined);
};

/** What kind of secret is written out in a scalar, if one is. */
export const secretIn = (use: ScalarUse): string | undefined => (isFreeText(use) ? kindOf(use) : undefined);

export const judgeLiteralSecrets: Check = (config, report) => {
  for (const use of config.scalars) {
    const kind = secretIn(use);
    if (kind) report('GW4010', use.scalar.place, { what: nameOf(use), kind });
  }
};
