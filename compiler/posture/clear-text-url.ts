/** GW4006: upstreams, issuers and key sets beyond this machine that are reached over http. */
import { isReference } from '../../schema/graph/graph.ts';
import { isLoopbackHost } from '../address.ts';
import type { Check } from '../check/check.ts';
import { type Configuration, isWritten, placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Inputs } from '../input/inputs.ts';
import type { Path } from '../source/tree.ts';

/** The clear-text URL, as far as it is known: a reference hides the rest. */
const clearTextUrl = (value: unknown): string | undefined => {
  const text = isReference(value) ? value.$reference : value;
  if (typeof text !== 'string' || !/^http:\/\//i.test(text)) return undefined;
  const host = /^http:\/\/(\[[^\]]*\]|[^/:?#]*)/i.exec(text)?.[1] ?? '';
  return isLoopbackHost(host) ? undefined : text;
};

/** Servers that documents name, where the configuration names none. */
export const judgeApiUrls = (config: Configuration, inputs: Inputs, report: Report): void => {
  for (const [name, { endpoints }] of inputs.specs) {
    const isOfDocument = ['baseUrl', 'endpoints'].every(
      (field) => !isWritten(config, 'upstreams', name, field),
    );
    const url = isOfDocument ? clearTextUrl(endpoints[0]) : undefined;
    if (url === undefined) continue;
    report('GW4006', placeAt(config, 'upstreams', name, 'spec'), { url, what: `upstream \`${name}\`` });
  }
};

export const judgeClearTextUrls: Check = (config, report) => {
  const judge = (value: unknown, what: string, ...path: Path) => {
    const url = clearTextUrl(value);
    if (url !== undefined) report('GW4006', placeAt(config, ...path), { url, what });
  };
  for (const [name, upstream] of Object.entries(config.data.upstreams)) {
    if (upstream.type === 'openapi')
      judge(upstream.baseUrl, `upstream \`${name}\``, 'upstreams', name, 'baseUrl');
    if (upstream.type === 'stdio') continue;
    for (const [index, endpoint] of (upstream.endpoints ?? []).entries()) {
      judge(endpoint, `upstream \`${name}\``, 'upstreams', name, 'endpoints', index);
    }
  }
  for (const [name, identity] of Object.entries(config.data.identity)) {
    if (identity.type !== 'jwt') continue;
    judge(identity.issuer, `the issuer of identity \`${name}\``, 'identity', name, 'issuer');
    judge(identity.jwks, `the key set of identity \`${name}\``, 'identity', name, 'jwks');
  }
};
