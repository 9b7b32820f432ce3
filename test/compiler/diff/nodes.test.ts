import { describe, expect, it } from 'vitest';
import { BASE, type Editable, edited, planEdit, planTexts } from './pair.ts';

/** `kind name field: before → after`, or how a list changed. */
const told = (edit: (yaml: Editable) => void): readonly string[] =>
  planEdit(edit).changes.flatMap(({ kind, name, change, fields }) =>
    change === 'changed'
      ? fields.map((field) =>
          field.kind === 'value'
            ? `${kind} ${name} ${field.field}: ${field.before} → ${field.after}`
            : `${kind} ${name} ${field.field}: +${field.added.join(',')} -${field.removed.join(',')} ~${field.moved.map(({ key, from, to }) => `${key} ${from} ${to}`).join(',')}`,
        )
      : [`${change} ${kind} ${name}`],
  );

describe('what differs between two configurations', () => {
  it('is nothing where they are the same', () => {
    const { changes, further, surfaces, risks, impact } = planEdit(() => undefined);
    expect({ changes, further, surfaces, risks, impact }).toEqual({
      changes: [],
      further: [],
      surfaces: [],
      risks: [],
      impact: undefined,
    });
  });

  it.each<[string, (yaml: Editable) => void]>([
    ['comments, quotes and layout', () => undefined],
    [
      'a default that is written out',
      (yaml) => {
        yaml.upstreams.hub.timeouts = { call: '60s' };
      },
    ],
    [
      'another spelling of a duration',
      (yaml) => {
        yaml.limits.bounds.callTimeout = '30000ms';
      },
    ],
    [
      'another spelling of a range',
      (yaml) => {
        yaml.listeners.edge.ip.allow = ['10.0.0.0/8', '10.0.0.0/8'];
      },
    ],
    [
      'a burst that is the count',
      (yaml) => {
        yaml.limits.fair.burst = 600;
      },
    ],
    [
      'a first byte that may take as long as the call',
      (yaml) => {
        yaml.upstreams.hub.timeouts = { firstByte: '60s' };
      },
    ],
  ])('is nothing for %s', (_, edit) => {
    expect(told(edit)).toEqual([]);
  });

  it('says values as the file does, with their units', () => {
    expect(
      told((yaml) => {
        yaml.limits.bounds.callTimeout = '2m';
      }),
    ).toEqual(['limit bounds callTimeout: 30s → 2m']);
    expect(
      told((yaml) => {
        yaml.listeners.edge.sizes = { body: '2MiB' };
      }),
    ).toEqual(['listener edge sizes.body: 4MiB → 2MiB']);
    expect(
      told((yaml) => {
        yaml.limits.fair.rate = '10/s';
      }),
    ).toEqual(['limit fair rate: 600/m → 10/s']);
    expect(
      told((yaml) => {
        yaml.upstreams.hub.breaker.errorRate = '12.5%';
      }),
    ).toEqual(['upstream hub breaker.errorRate: undefined → 12.5%']);
    expect(
      told((yaml) => {
        yaml.reload = { drain: { window: '90s' } };
      }),
    ).toEqual(['section reload drain.window: 10s → 90s']);
  });

  it('tells items of a list that come, go and move', () => {
    expect(
      told((yaml) => {
        yaml.servers.engineering.policies.reverse();
      }),
    ).toEqual(['server engineering policies: + - ~members 1 2']);
    expect(
      told((yaml) => {
        yaml.listeners.edge.ip.allow = ['192.0.2.7'];
      }),
    ).toEqual(['listener edge ip.allow: +192.0.2.7/32 -10.0.0.0/8 ~']);
    expect(
      told((yaml) => {
        yaml.upstreams.files.command.push('/more', '/data');
      }),
    ).toEqual(['upstream files command: +/more,/data - ~']);
  });

  it('goes into what a server shows of an upstream, by the name of the upstream', () => {
    expect(
      told((yaml) => {
        yaml.servers.engineering.expose[0].prefix = 'hub_';
      }),
    ).toEqual(['server engineering expose[hub].prefix: gh_ → hub_']);
    expect(
      told((yaml) => {
        yaml.servers.engineering.expose.reverse();
      }),
    ).toEqual(['server engineering expose: + - ~hub 1 2']);
    expect(
      told((yaml) => {
        yaml.servers.engineering.expose[1].prompts = { allow: ['a'] };
      }),
    ).toEqual(['server engineering expose[files].prompts: false → { allow: [a] }']);
  });

  it('names what is new and what is gone', () => {
    expect(
      told((yaml) => {
        yaml.upstreams.more = { type: 'http', endpoints: ['https://more.example/mcp'] };
        yaml.servers.engineering.expose[1].upstream = 'more';
        delete yaml.limits.fair;
        yaml.servers.engineering.limits = ['bounds'];
      }),
    ).toEqual([
      'server engineering expose: +more -files ~',
      'server engineering limits: + -fair ~',
      'added upstream more',
      'removed limit fair',
    ]);
  });

  it('tells transports beside the endpoint, which the graph keeps with the listener', () => {
    expect(
      told((yaml) => {
        yaml.servers.desk.protocol = { websocket: true };
      }),
    ).toEqual(['server desk protocol.websocket: false → true']);
  });

  it('shows references as they are written', () => {
    expect(
      told((yaml) => {
        yaml.upstreams.hub.credentials.token = '${env:OTHER}';
      }),
    ).toEqual(['upstream hub credentials.token: ${env:HUB_TOKEN} → ${env:OTHER}']);
  });

  it('places a change where the newer file says it, and what is gone where the older one did', () => {
    const before = BASE;
    const after = BASE.replace('rate: 600/m', 'rate: 900/m')
      .replace(/ {2}freeze: .*\n/, '')
      .replace('[members, freeze]', '[members]');
    const { changes } = planTexts(before, after);
    const line = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
    const places = changes.map(({ name, place, fields }) => [name, place?.line, fields[0]!.place?.line]);
    expect(places).toEqual([
      ['engineering', line(after, '  engineering:'), line(after, 'policies: [members]')],
      ['freeze', line(before, '  freeze:'), line(before, '  freeze:')],
      ['fair', line(after, '  fair:'), line(after, 'rate: 900/m')],
    ]);
  });

  it('is the same whatever the order of maps and the layout', () => {
    const shuffled = edited(BASE, (yaml) => {
      for (const section of ['listeners', 'servers', 'upstreams', 'identity', 'policies', 'limits'])
        yaml[section] = Object.fromEntries(Object.entries(yaml[section]).reverse());
    });
    expect(shuffled).not.toBe(BASE);
    expect(planTexts(BASE, shuffled).changes).toEqual([]);
  });
});
