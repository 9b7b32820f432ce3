/** Meaning: every check over the parsed configuration. */
import type { Configuration } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import { checkBounds } from './bounds.ts';
import { checkBreakers } from './breaker.ts';
import { checkCelPolicies } from './cel-policy.ts';
import { checkCosts } from './costs.ts';
import { checkCoveredLimits } from './covered-limits.ts';
import { checkEndpoints } from './endpoints.ts';
import { checkExposedNames } from './exposed-names.ts';
import { checkExtensionMethods } from './extension-methods.ts';
import { checkJwtKeys } from './jwt-keys.ts';
import { checkLints } from './lints.ts';
import { checkListenerAddresses } from './listener-addresses.ts';
import { checkListenerHttp } from './listener-http.ts';
import { checkListenerIdentity } from './listener-identity.ts';
import { checkListenerUrls } from './listener-url.ts';
import { checkNames } from './name-of.ts';
import { checkPeers } from './peers.ts';
import { checkQueues } from './queues.ts';
import { checkRbac } from './rbac.ts';
import { checkRbacPermissions } from './rbac-permissions.ts';
import { checkRenames } from './renames.ts';
import { checkRepeated } from './repeated.ts';
import { checkResponseHeaders } from './response-headers.ts';
import { checkRetries } from './retry.ts';
import { checkScopes } from './scopes.ts';
import { checkServerHeaders } from './server-headers.ts';
import { checkServerIdentity } from './server-identity.ts';
import { checkServerPlaces } from './server-places.ts';
import { checkTenants } from './tenants.ts';
import { checkTimes } from './times.ts';
import { checkUpstreamHeaders } from './upstream-headers.ts';

/** Reports what is wrong with the configuration's meaning. Needs no other check to have run. */
export type Check = (config: Configuration, report: Report) => void;

export const CHECKS: readonly Check[] = [
  checkNames,
  checkRepeated,
  checkListenerAddresses,
  checkPeers,
  checkListenerUrls,
  checkListenerHttp,
  checkListenerIdentity,
  checkServerIdentity,
  checkServerHeaders,
  checkServerPlaces,
  checkScopes,
  checkExposedNames,
  checkRenames,
  checkExtensionMethods,
  checkJwtKeys,
  checkUpstreamHeaders,
  checkResponseHeaders,
  checkTimes,
  checkBreakers,
  checkEndpoints,
  checkRetries,
  checkBounds,
  checkCosts,
  checkCoveredLimits,
  checkQueues,
  checkTenants,
  checkCelPolicies,
  checkRbac,
  checkRbacPermissions,
  checkLints,
];
