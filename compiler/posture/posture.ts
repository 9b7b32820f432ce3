/** Posture: what is unsafe. Severities follow the profile; comments in the file lower what they name. */

import type { Check } from '../check/check.ts';
import { type Configuration, isSound } from '../configuration.ts';
import { CATALOGUE, type Code } from '../diagnostics/catalogue.ts';
import type { Entry } from '../diagnostics/entry.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Inputs } from '../input/inputs.ts';
import { judgeAddressAllowlists } from './address-allowlist.ts';
import { judgeAnonymousServers } from './anonymous-server.ts';
import { judgeClearTextCredentials } from './clear-text-credentials.ts';
import { judgeClearTextStore } from './clear-text-store.ts';
import { judgeApiUrls, judgeClearTextUrls } from './clear-text-url.ts';
import { judgeDrain } from './drain.ts';
import { judgeLiteralSecrets } from './literal-secret.ts';
import { judgeLogLevel } from './log-level.ts';
import { judgeOperationsListeners } from './operations-listener.ts';
import { judgeOrigins } from './origins.ts';
import { judgeUnlimitedServers, judgeWideExposures } from './public-servers.ts';
import { judgeShells } from './shell.ts';
import { judgeTokenAudiences } from './token-audience.ts';
import { judgeTrustedProxies } from './trusted-proxies.ts';

const RULES: readonly Check[] = [
  judgeAnonymousServers,
  judgeTokenAudiences,
  judgeOrigins,
  judgeClearTextUrls,
  judgeAddressAllowlists,
  judgeTrustedProxies,
  judgeLiteralSecrets,
  judgeShells,
  judgeOperationsListeners,
  judgeWideExposures,
  judgeUnlimitedServers,
  judgeLogLevel,
  judgeDrain,
  judgeClearTextCredentials,
  judgeClearTextStore,
];

/** The severity of a posture finding in this configuration's profile. */
const severityIn = (config: Configuration, code: Code) => {
  const entry = CATALOGUE[code] as Entry<never>;
  const isDevelopment = config.data.profile === 'development' && isSound(config, 'profile');
  return (isDevelopment ? entry.inDevelopment : undefined) ?? entry.severity;
};

/** Reports what is unsafe. */
export const judgePosture = (config: Configuration, inputs: Inputs, report: Report): void => {
  const reportInProfile: Report = (code, place, data, extras) =>
    report(code, place, data, { severity: severityIn(config, code), ...extras });
  for (const rule of RULES) rule(config, reportInProfile);
  judgeApiUrls(config, inputs, reportInProfile);
};
