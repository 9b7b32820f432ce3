/** GW307x and GW308x: documents of HTTP APIs. */
import { didYouMean, entry, oneOfWords } from '../entry.ts';

export const OPENAPI = {
  GW3070: entry<object>({
    severity: 'error',
    title: 'Not an OpenAPI document',
    message: () => 'this is not an OpenAPI document',
    help: () => ['an OpenAPI document is an object with a member `openapi`, such as `openapi: 3.1.0`'],
  }),
  GW3071: entry<{ version: string }>({
    severity: 'error',
    title: 'Version of OpenAPI that is not read',
    message: ({ version }) => `version \`${version}\` of OpenAPI is not read`,
    help: () => ['convert the document to OpenAPI 3.0 or 3.1'],
  }),
  GW3072: entry<{ pattern: string; nearest: string | undefined }>({
    severity: 'error',
    title: 'Unknown operation',
    message: ({ pattern }) => `no operation of the document matches \`${pattern}\``,
    help: ({ nearest }) => [didYouMean(nearest), 'operations go by their `operationId`'],
  }),
  GW3073: entry<{ operation: string }>({
    severity: 'warning',
    title: 'Operation without `operationId`',
    message: ({ operation }) => `\`${operation}\` has no \`operationId\` and becomes no tool`,
    help: () => ['give it an `operationId`, or list the `operations` that become tools'],
    note: () => ['a name made up from the path would change with the path, and policies would not notice'],
  }),
  GW3074: entry<{ id: string; name: string }>({
    severity: 'error',
    title: 'Operations with one tool name',
    message: ({ id, name }) => `operation \`${id}\` would be a second tool \`${name}\``,
    label: () => 'given again here',
    help: () => ['rename one of the two, or list the `operations` that become tools'],
    note: ({ id, name }) => [
      id === name ? undefined : 'characters that clients do not take in the name of a tool become `_`',
    ],
  }),
  GW3075: entry<{ ref: string }>({
    severity: 'error',
    title: 'Reference out of the document',
    message: ({ ref }) => `\`${ref}\` leads out of the document`,
    help: () => ['bundle the document with what it refers to into one file'],
    note: () => ['what is compiled must not depend on what another host answers'],
  }),
  GW3076: entry<{ ref: string; problem: string }>({
    severity: 'error',
    title: 'Reference that cannot be followed',
    message: ({ ref, problem }) => `\`${ref}\` cannot be followed: ${problem}`,
  }),
  GW3077: entry<{ name: string; problem: string }>({
    severity: 'error',
    title: 'No base URL',
    message: ({ name, problem }) => `it is not known where upstream \`${name}\` is: ${problem}`,
    help: () => ['give the upstream a `baseUrl`, such as `baseUrl: https://api.example.com/v1`'],
  }),
  GW3078: entry<{ parameter: string; id: string }>({
    severity: 'error',
    title: 'Path parameter that is not declared',
    message: ({ parameter, id }) => `operation \`${id}\` declares no path parameter \`${parameter}\``,
    help: ({ parameter }) => [`add a parameter with \`name: ${parameter}\` and \`in: path\``],
  }),
  GW3079: entry<{ keyword: string; problem: string }>({
    severity: 'warning',
    title: 'Keyword of a schema that is ignored',
    message: ({ keyword, problem }) => `\`${keyword}\` is ignored: ${problem}`,
    note: () => ['callers are told a schema without it, and arguments are checked without it'],
  }),
  GW3080: entry<{ host: string; allow: readonly string[] }>({
    severity: 'error',
    title: 'Base URL that no connection may be made to',
    message: ({ host, allow }) =>
      `no connection may be made to \`${host}\`: \`egress\` allows ${oneOfWords(allow)}`,
    help: () => ['add the address to `egress.allow` if that is what you want'],
    note: () => ["link-local addresses and those of clouds' metadata services are never connected to"],
  }),
  GW3081: entry<{ name: string }>({
    severity: 'error',
    title: 'Document without a tool',
    message: ({ name }) => `no operation of upstream \`${name}\` can become a tool`,
    help: () => ['give the operations under `paths` an `operationId`'],
  }),
};
