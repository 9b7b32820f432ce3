import { describe, expect, it } from 'vitest';
import { addressSet, rangesText, subtract } from '../../../compiler/diff/address-set.ts';
import { BASE, type Editable, edited, planEdit, planTexts } from './pair.ts';

/** `severity id`, of an edit. */
const risks = (edit: (yaml: Editable) => void): readonly string[] =>
  planEdit(edit).risks.map(({ severity, id }) => `${severity} ${id}`);

type Case = readonly [what: string, edit: (yaml: Editable) => void, expected: readonly string[]];

const GRAVE: readonly Case[] = [
  [
    'a server that asks nobody any more',
    (yaml) => {
      delete yaml.servers.engineering.identity;
      yaml.servers.engineering.anonymous = true;
      yaml.servers.engineering.at = [{ listener: 'local', path: '/e' }];
      delete yaml.identity;
    },
    ['high anonymous-on', 'high identity-removed'],
  ],
  [
    'an issuer',
    (yaml) => {
      yaml.identity.workforce.issuer = 'https://evil.example';
    },
    ['high issuer-changed'],
  ],
  [
    'an audience',
    (yaml) => {
      yaml.identity.workforce.audience.push('other');
    },
    ['high audience-widened'],
  ],
  [
    'keys from elsewhere',
    (yaml) => {
      yaml.identity.workforce.jwks = 'https://evil.example/jwks';
    },
    ['high keys-changed'],
  ],
  [
    'client addresses',
    (yaml) => {
      yaml.listeners.edge.ip.allow = ['10.0.0.0/7'];
    },
    ['high ip-widened'],
  ],
  [
    'all client addresses',
    (yaml) => {
      delete yaml.listeners.edge.ip;
    },
    ['high ip-widened'],
  ],
  [
    'proxies',
    (yaml) => {
      yaml.listeners.edge.trustedProxies = ['10.9.0.0/24'];
    },
    ['high proxies-widened'],
  ],
  [
    'an older TLS',
    (yaml) => {
      yaml.listeners.edge.tls.minVersion = '1.2';
    },
    ['high tls-weakened'],
  ],
  [
    'a policy that is not asked',
    (yaml) => {
      yaml.servers.engineering.policies = ['members'];
      delete yaml.policies.freeze;
    },
    ['high policy-removed'],
  ],
  [
    'a deny that becomes an allow',
    (yaml) => {
      yaml.policies.freeze = { type: 'cel', allow: 'tool.annotations.destructiveHint' };
    },
    ['high policy-changed'],
  ],
  [
    'all seals',
    (yaml) => {
      yaml.sealing.keys = ['${file:/seal-9}'];
    },
    ['high seals-replaced'],
  ],
];

const REST: readonly Case[] = [
  [
    'an audience that becomes the default',
    (yaml) => {
      delete yaml.identity.workforce.audience;
    },
    ['medium audience-dropped'],
  ],
  [
    'algorithms',
    (yaml) => {
      yaml.identity.workforce.algorithms = ['ES256', 'EdDSA', 'RS256', 'PS256', 'RS512'];
    },
    ['medium algorithms-widened'],
  ],
  [
    'roles from elsewhere',
    (yaml) => {
      yaml.identity.workforce.principal = { roles: 'claims.groups' };
    },
    ['medium principal-changed'],
  ],
  [
    'an identity fewer',
    (yaml) => {
      yaml.servers.engineering.identity = ['workforce'];
      delete yaml.identity.partners;
    },
    ['medium identity-removed'],
  ],
  [
    'hosts',
    (yaml) => {
      yaml.listeners.edge.hosts = ['mcp.acme.example', 'other.example'];
    },
    ['medium hosts-widened'],
  ],
  [
    'origins',
    (yaml) => {
      yaml.listeners.edge.origins = ['https://mcp.acme.example', 'https://app.example'];
    },
    ['medium origins-widened'],
  ],
  [
    'patterns',
    (yaml) => {
      yaml.servers.engineering.expose[0].tools.allow.push('delete_*');
    },
    ['medium exposure-widened'],
  ],
  [
    'an upstream that is shown',
    (yaml) => {
      yaml.servers.desk.expose.push({ upstream: 'hub', prefix: 'h_' });
    },
    ['medium exposure-widened'],
  ],
  [
    'headers that are passed on',
    (yaml) => {
      yaml.upstreams.hub.headers.forward.push('x-user');
    },
    ['medium headers-forwarded'],
  ],
  [
    'another place',
    (yaml) => {
      yaml.upstreams.hub.endpoints = ['https://evil.example/mcp'];
    },
    ['medium upstream-moved'],
  ],
  [
    'another program',
    (yaml) => {
      yaml.upstreams.files.command = ['sh'];
    },
    ['medium upstream-moved'],
  ],
  [
    'annotations that are believed',
    (yaml) => {
      yaml.upstreams.hub.trust = { annotations: 'honour' };
    },
    ['medium annotations-honoured'],
  ],
  [
    'permissions',
    (yaml) => {
      yaml.policies.members.roles.reader.allow.push({ method: '*' });
    },
    ['medium permissions-widened'],
  ],
  [
    'other bindings',
    (yaml) => {
      yaml.policies.members.bindings[0].when = 'true';
    },
    ['medium permissions-widened'],
  ],
  [
    'another condition',
    (yaml) => {
      yaml.policies.freeze.deny = 'false';
    },
    ['medium policy-changed'],
  ],
  [
    'a limit that is not asked',
    (yaml) => {
      yaml.servers.engineering.limits = ['bounds'];
      delete yaml.limits.fair;
    },
    ['medium limit-removed'],
  ],
  [
    'a faster rate',
    (yaml) => {
      yaml.limits.fair.rate = '11/s';
    },
    ['medium limit-raised'],
  ],
  [
    'a longer call',
    (yaml) => {
      yaml.limits.bounds.callTimeout = '60s';
    },
    ['medium limit-raised'],
  ],
  [
    'progress that extends a call',
    (yaml) => {
      yaml.limits.bounds.callMax = '60s';
    },
    ['medium limit-raised'],
  ],
  [
    'fewer tools that are limited',
    (yaml) => {
      yaml.limits.bounds.tools = ['gh_*'];
    },
    ['medium limit-raised'],
  ],
  [
    'policies in another order',
    (yaml) => {
      yaml.servers.engineering.policies.reverse();
    },
    ['low policy-order-changed'],
  ],
  [
    'larger requests',
    (yaml) => {
      yaml.listeners.edge.sizes = { body: '8MiB' };
    },
    ['low limit-raised'],
  ],
  [
    'a header fewer',
    (yaml) => {
      yaml.listeners.edge.headers = { frameOptions: false };
    },
    ['low security-header-removed'],
  ],
  [
    'no access log',
    (yaml) => {
      yaml.telemetry = { log: { access: false } };
    },
    ['low access-log-off'],
  ],
  [
    'development',
    (yaml) => {
      yaml.profile = 'development';
    },
    ['medium profile-relaxed'],
  ],
];

const SAFE: readonly Case[] = [
  [
    'fewer client addresses',
    (yaml) => {
      yaml.listeners.edge.ip = { allow: ['10.0.0.0/9'] };
    },
    [],
  ],
  [
    'the same addresses in other ranges',
    (yaml) => {
      yaml.listeners.edge.ip.allow = ['10.0.0.0/9', '10.128.0.0/9'];
    },
    [],
  ],
  [
    'patterns within one that is there',
    (yaml) => {
      yaml.servers.engineering.expose[0].tools.allow = ['get_issue_*', 'get_me', 'create_issue'];
    },
    [],
  ],
  [
    'fewer algorithms',
    (yaml) => {
      yaml.identity.workforce.algorithms = ['ES256'];
    },
    [],
  ],
  [
    'a slower rate',
    (yaml) => {
      yaml.limits.fair.rate = '500/m';
    },
    [],
  ],
  [
    'one more policy',
    (yaml) => {
      yaml.policies.more = { type: 'cel', allow: 'true' };
      yaml.servers.engineering.policies.push('more');
    },
    [],
  ],
  [
    'one more seal',
    (yaml) => {
      yaml.sealing.keys.unshift('${file:/seal-2}');
    },
    [],
  ],
  [
    'newer credentials',
    (yaml) => {
      yaml.upstreams.hub.credentials.token = '${env:OTHER}';
    },
    [],
  ],
];

/** Told when the edit is taken back. */
const BACK: readonly Case[] = [
  [
    'scopes that are not asked for',
    (yaml) => {
      yaml.servers.engineering.oauth = { scopes: ['mcp:read'] };
    },
    ['high scopes-removed'],
  ],
  [
    'processes that are shared',
    (yaml) => {
      yaml.upstreams.files.isolation = 'per-session';
    },
    ['high isolation-weakened'],
  ],
  [
    'features',
    (yaml) => {
      yaml.servers.engineering.features = { sampling: false };
    },
    ['low feature-enabled'],
  ],
  [
    'one more identity',
    (yaml) => {
      yaml.servers.engineering.identity = ['workforce'];
      delete yaml.identity.partners;
    },
    ['medium identity-admitted'],
  ],
  [
    'tokens that expired longer ago',
    (yaml) => {
      yaml.identity.workforce.clockTolerance = '1s';
    },
    ['low clock-tolerance-raised'],
  ],
  [
    'a bound that is gone',
    (yaml) => {
      yaml.limits.bounds.resultBytes = '1MiB';
    },
    ['medium limit-raised'],
  ],
];

describe('a change to look at twice', () => {
  it.each(BACK)('is %s', (_, edit, expected) => {
    expect(planTexts(edited(BASE, edit), BASE).risks.map(({ severity, id }) => `${severity} ${id}`)).toEqual(
      expected,
    );
  });

  it.each([...GRAVE, ...REST])('is %s', (_, edit, expected) => {
    expect(risks(edit)).toEqual(expected);
  });

  it('is a listener that other machines reach, new or moved', () => {
    const reach = (yaml: Editable) => {
      yaml.servers.desk = { ...yaml.servers.engineering, at: [{ listener: 'local' }] };
    };
    const moved = risks((yaml) => {
      reach(yaml);
      yaml.listeners.local = { ...yaml.listeners.edge, bind: '0.0.0.0:8444' };
    });
    expect(moved).toContain('high public-listener');
    const added = risks((yaml) => {
      yaml.listeners.more = { ...yaml.listeners.edge, bind: '[::]:8445' };
      yaml.servers.engineering.at.push({ listener: 'more', path: '/more' });
    });
    expect(added).toEqual(['high public-listener']);
  });

  it('is much that goes at once', () => {
    const text = planEdit((yaml) => {
      delete yaml.servers.engineering;
      delete yaml.upstreams.hub;
      delete yaml.policies;
      delete yaml.limits;
      delete yaml.identity;
      delete yaml.listeners.edge;
    }).risks.map(({ id, side, text: told }) => `${id} ${side} ${told}`);
    expect(text).toEqual([
      'large-removal before 1 of 2 servers are gone (50%)',
      'large-removal before 1 of 2 upstreams are gone (50%)',
    ]);
  });

  it('is placed where it is written', () => {
    for (const [, edit] of [...GRAVE, ...REST])
      for (const { place } of planEdit(edit).risks) expect(place).toMatchObject({ file: 'gateway.yaml' });
  });

  it.each(SAFE)('is not %s', (_, edit, expected) => {
    expect(risks(edit)).toEqual(expected);
  });
});

describe('sets of addresses', () => {
  const difference = (a: readonly string[], b: readonly string[]) =>
    rangesText(subtract(addressSet(a), addressSet(b)));

  it('differ in addresses, not in how they are written', () => {
    expect(difference(['10.0.0.0/8'], ['10.0.0.0/9', '10.128.0.0/9'])).toEqual([]);
    expect(difference(['10.0.0.0/7'], ['10.0.0.0/8'])).toEqual(['11.0.0.0/8']);
    expect(difference(['192.0.2.0/30'], ['192.0.2.1/32'])).toEqual(['192.0.2.0/32', '192.0.2.2/31']);
    expect(difference(['0.0.0.0/0'], [])).toEqual(['0.0.0.0/0']);
    expect(difference(['2001:db8::/32'], ['2001:db8::/33'])).toEqual(['2001:db8:8000::/33']);
    expect(difference(['::/0'], ['10.0.0.0/8'])).toEqual(['::/0']);
  });
});
