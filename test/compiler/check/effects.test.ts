import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { compile } from '../../../compiler/compile.ts';

const findingsOf = (configuration: object): readonly string[] =>
  compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(stringify(configuration)) : undefined),
  }).diagnostics.map(({ code, severity }) => `${severity} ${code}`);

const gateway = (server: object, rest: object = {}) => ({
  version: 1,
  listeners: { main: { bind: '127.0.0.1:8080' } },
  servers: {
    tools: { at: [{ listener: 'main' }], anonymous: true, expose: [{ upstream: 'one' }], ...server },
  },
  upstreams: { one: { type: 'stdio', command: ['mcp'] } },
  ...rest,
});

const exposing = (...allow: string[]) => gateway({ expose: [{ upstream: 'one', tools: { allow } }] });

describe('an item of a list', () => {
  it.each([[['read_*', 'read_file']], [['read_file', 'read_*']], [['a*', 'a*c', 'b']]])(
    'that another covers is told once: %j',
    (allow) => {
      expect(findingsOf(exposing(...allow))).toEqual(['warning GW2030']);
    },
  );

  it.each([[['read_file', 'write_file']], [['read_*', '*_file']], [['a*b', 'a']]])(
    'that none covers is not: %j',
    (allow) => expect(findingsOf(exposing(...allow))).toEqual([]),
  );

  it('with dots is not taken for one below a path, since no glob reaches over them', () => {
    const server = (uri: string) =>
      gateway({ expose: [{ upstream: 'one', resources: { allow: ['file:///data/*', uri] } }] });
    expect(findingsOf(server('file:///data/a'))).toEqual(['warning GW2030']);
    expect(findingsOf(server('file:///data/../a'))).toEqual([]);
  });

  it('that is a range within another is told, of either family', () => {
    const listener = (...allow: string[]) => ({
      ...gateway({}),
      listeners: { main: { bind: '127.0.0.1:8080', ip: { allow } } },
    });
    expect(findingsOf(listener('10.0.0.0/8', '10.1.0.0/16'))).toEqual(['warning GW2030']);
    expect(findingsOf(listener('2001:db8::/32', '2001:db8:1::1'))).toEqual(['warning GW2030']);
    expect(findingsOf(listener('10.0.0.0/8', '11.0.0.0/8', '::/8'))).toEqual([]);
  });
});

const rbac = (allow: object[], bindings: object[] = [{ roles: ['r'], when: 'principal.assurance > 0' }]) =>
  gateway({ policies: ['p'] }, { policies: { p: { type: 'rbac', roles: { r: { allow } }, bindings } } });

describe('a permission', () => {
  it.each([
    ['that another covers', [{ method: 'tools/call' }, { method: 'tools/call', names: ['a'] }]],
    [
      'that one for all methods covers',
      [
        { method: '*', names: ['a*'] },
        { method: 'tools/call', names: ['ab'] },
      ],
    ],
    ['that is given twice', [{ method: 'prompts/get' }, { method: 'prompts/get' }]],
  ])('%s is told once', (_, allow) => expect(findingsOf(rbac(allow))).toEqual(['warning GW2031']));

  it.each([
    ['of another method', [{ method: 'tools/call' }, { method: 'prompts/get' }]],
    [
      'that is wider in part',
      [
        { method: 'tools/call', names: ['a*'] },
        { method: 'tools/call', names: ['ab', 'c'] },
      ],
    ],
    [
      'for resources beside one for names',
      [
        { method: '*', names: ['*'] },
        { method: 'resources/read', uris: ['x'] },
      ],
    ],
    [
      'without bounds beside one with',
      [{ method: 'tools/call', names: ['*'] }, { method: 'resources/read' }],
    ],
  ])('%s is not', (_, allow) => expect(findingsOf(rbac(allow))).toEqual([]));
});

describe('a binding', () => {
  const always = { roles: ['r'], when: 'true' };
  const some = { roles: ['r'], when: 'principal.assurance > 0' };
  const allow = [{ method: 'tools/call' }];

  it.each([
    ['beside one for everybody', [some, always]],
    ['that is there twice', [some, some]],
    ['that never holds', [some, { roles: ['r'], when: 'false || !true' }]],
  ])('%s is told', (_, bindings) => expect(findingsOf(rbac(allow, bindings))).toEqual(['warning GW2032']));

  it('for everybody is a sound one', () => expect(findingsOf(rbac(allow, [always]))).toEqual([]));
});

describe('a condition', () => {
  const policy = (body: object) =>
    gateway({ policies: ['p'] }, { policies: { p: { type: 'cel', ...body } } });

  it.each([
    { allow: 'true' },
    { deny: 'true' },
    { allow: '!(false)' },
    { deny: 'false && now.getHours() > 1' },
  ])('that is always the same is told: %j', (body) =>
    expect(findingsOf(policy(body))).toEqual(['warning GW3092']),
  );

  it.each([
    { allow: "true && tool.name == 'a'" },
    { deny: 'false || now.getHours() > 1' },
    { allow: "tool.name == 'a' ? true : false" },
  ])('that hangs on the call is not: %j', (body) => expect(findingsOf(policy(body))).toEqual([]));
});

describe('a name in a limit', () => {
  const limited = (server: object, tools: string[]) =>
    gateway({ ...server, limits: ['l'] }, { limits: { l: { type: 'bounds', callTimeout: '1s', tools } } });
  const prefixed = {
    expose: [{ upstream: 'one', prefix: 'gh_', tools: { allow: ['get_*', 'x'], rename: { x: 'whoami' } } }],
  };

  it.each(['get_issue', 'gh_create_issue', '*_file_', 'whoam'])(
    'that no server exposes is told: %s',
    (name) => {
      expect(findingsOf(limited(prefixed, [name]))).toEqual(name === '*_file_' ? [] : ['warning GW2036']);
    },
  );

  it.each(['gh_get_issue', 'gh_*', '*issue', 'whoami', 'w*'])('that one may expose is not: %s', (name) => {
    expect(findingsOf(limited(prefixed, [name]))).toEqual([]);
    expect(findingsOf(limited({}, [name]))).toEqual([]);
  });
});

it('nothing is told of effects as long as there are errors', () => {
  const broken = { ...exposing('read_*', 'read_file'), name: 3 };
  expect(findingsOf(broken)).toEqual(['error GW1003']);
});
