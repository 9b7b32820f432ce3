/** Two configurations, the second an edit of the first, for tests of what differs between them. */
import { parse, stringify } from 'yaml';
import { type CompileResult, compile } from '../../../compiler/compile.ts';
import { type Plan, type PlanSide, planChange } from '../../../compiler/diff/plan.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests edit what was parsed
export type Editable = any;

/** Four upstreams behind two servers, and a rule of each kind. */
export const BASE = `version: 1
listeners:
  edge:
    bind: 0.0.0.0:8443
    url: https://mcp.acme.example
    tls: { certificate: "\${file:/tls.crt}", key: "\${file:/tls.key}" }
    ip: { allow: [10.0.0.0/8] }
  local: { bind: 127.0.0.1:8080 }
  ops: { bind: 127.0.0.1:9090, serve: [health, status] }
identity:
  workforce: { type: jwt, issuer: https://id.acme.example, audience: [acme] }
  partners: { type: jwt, issuer: https://partner.example }
servers:
  engineering:
    at: [{ listener: edge, path: /engineering }]
    identity: [workforce, partners]
    expose:
      - { upstream: hub, prefix: gh_, tools: { allow: ["get_*", create_issue], rename: { get_me: whoami } } }
      - { upstream: files, prompts: false }
    policies: [members, freeze]
    limits: [fair, bounds]
  desk:
    at: [{ listener: local }]
    anonymous: true
    expose: [{ upstream: files }]
upstreams:
  hub:
    type: http
    endpoints: [https://hub.example/mcp]
    credentials: { type: bearer, token: "\${env:HUB_TOKEN}" }
    headers: { forward: [x-request-id] }
    breaker: { consecutive: 5 }
  files: { type: stdio, command: [mcp-server-filesystem, /data], env: { LOG_LEVEL: warn } }
policies:
  members: { type: rbac, roles: { reader: { allow: [{ method: tools/call, names: ["gh_get_*"] }] } }, bindings: [{ roles: [reader], when: "principal.tenant == 'acme'" }] }
  freeze: { type: cel, deny: "tool.annotations.destructiveHint", because: change freeze }
limits:
  fair: { type: rate, rate: 600/m }
  bounds: { type: bounds, callTimeout: 30s }
sealing: { keys: ["\${file:/seal-1}"] }
`;

export const compileText = (text: string, files: Readonly<Record<string, string>> = {}): CompileResult =>
  compile({
    main: 'gateway.yaml',
    read: (path) =>
      (path === 'gateway.yaml' ? Buffer.from(text) : files[path] && Buffer.from(files[path])) || undefined,
  });

/** A side of a plan. Throws for a text with errors. */
export const side = (text: string, label: string, files?: Readonly<Record<string, string>>): PlanSide => {
  const { compiled, diagnostics, placeOf, lock } = compileText(text, files);
  if (compiled === undefined)
    throw new Error(diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n'));
  return { label, compiled, placeOf, lock };
};

/** The text with an edit of what it says. */
export const edited = (text: string, edit: (yaml: Editable) => void): string => {
  const yaml = parse(text);
  edit(yaml);
  return stringify(yaml);
};

export const planTexts = (before: string, after: string): Plan =>
  planChange(side(before, 'old'), side(after, 'new'), { largeRemoval: 0.3 });

/** The plan of an edit of {@link BASE}. */
export const planEdit = (edit: (yaml: Editable) => void): Plan => planTexts(BASE, edited(BASE, edit));
