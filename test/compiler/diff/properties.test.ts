import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type CompileResult, compile } from '../../../compiler/compile.ts';
import { isEmpty, type Plan, planChange } from '../../../compiler/diff/plan.ts';
import { renderPlanJson } from '../../../compiler/diff/render/json.ts';
import { renderPlanMarkdown } from '../../../compiler/diff/render/markdown.ts';
import { renderPlanText } from '../../../compiler/diff/render/text.ts';
import { FIXTURES, readerOf } from '../fixture.ts';
import type { Editable } from './pair.ts';

/** Every section, and every key that there is. */
const FOLDER = join(FIXTURES, 'plan', 'before');
const readBeside = readerOf(FOLDER);
const TEXT = readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8');

type Step = string | number;

const compileText = (text: string): CompileResult =>
  compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : readBeside(path)),
  });

const sideOf = (label: string, { compiled, placeOf, lock }: CompileResult) => ({
  label,
  compiled: compiled!,
  placeOf,
  lock,
});

const planOf = (before: CompileResult, after: CompileResult): Plan =>
  planChange(sideOf('before', before), sideOf('after', after), { largeRemoval: 0.3 });

const scalarPaths = (value: Editable, path: readonly Step[] = []): readonly (readonly Step[])[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, child]) =>
        scalarPaths(child, [...path, Array.isArray(value) ? Number(key) : key]),
      )
    : [path];

const at = (value: Editable, path: readonly Step[]): Editable =>
  path.reduce((parent, step) => parent[step], value);

/** Other values that a scalar may have; many will not do, and are left out. */
const candidates = (value: unknown): readonly unknown[] => {
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 1];
  const text = String(value);
  if (/^\d+(ms|s|m|h|d)$/.test(text)) return ['9s', '11m'];
  if (/^\d+(B|KiB|MiB|GiB)$/.test(text)) return ['3MiB', '8KiB'];
  if (/^\d+%$/.test(text)) return ['40%'];
  if (/^\d+\/[smhd]$/.test(text)) return ['7/s'];
  if (/^\d+\/\d+[smhd]$/.test(text)) return ['7/9h'];
  if (/^\d+(\.\d+){3}\/\d+$/.test(text)) return ['172.16.0.0/12'];
  return [
    `${text}x`,
    `x${text}`,
    'other',
    'warn',
    'none',
    'legacy',
    'strict',
    'shared',
    'ES384',
    '2025-06-18',
  ];
};

interface Edit {
  readonly path: readonly Step[];
  readonly value: unknown;
}

const applied = (edits: readonly Edit[]): CompileResult => {
  const yaml = parse(TEXT);
  for (const { path, value } of edits) at(yaml, path.slice(0, -1))[path.at(-1)!] = value;
  return compileText(stringify(yaml));
};

const ORIGINAL = compileText(TEXT);

/** Every edit of one scalar that compiles, with what it compiles to. */
const EDITS = scalarPaths(parse(TEXT)).flatMap((path) =>
  candidates(at(parse(TEXT), path)).flatMap((value) => {
    const result = applied([{ path, value }]);
    return result.compiled === undefined ? [] : [{ edit: { path, value }, result }];
  }),
);

const KINDS: Readonly<Record<string, string>> = {
  listeners: 'listener',
  identity: 'identity',
  servers: 'server',
  upstreams: 'upstream',
  policies: 'policy',
  limits: 'limit',
};

/** Fields that say what another one decides. */
const FOLLOWING: Readonly<Record<string, readonly string[]>> = {
  bind: ['url', 'hosts', 'origins'],
  url: ['hosts', 'origins', 'headers'],
  rate: ['burst'],
  burst: ['rate'],
  roles: ['roles'],
  spec: ['spec', 'operations', 'baseUrl'],
  allow: ['deny'],
};

const nodeOf = ([section, name]: readonly Step[]): string =>
  KINDS[section!] === undefined
    ? `section ${name === undefined ? 'gateway' : section}`
    : `${KINDS[section!]} ${name}`;

const firstField = (path: readonly Step[]): string => {
  const [section, name, field] = path;
  return String(KINDS[section!] === undefined ? (name ?? section) : field);
};

/** The first name of a field, without what follows. */
const headOf = (field: string): string => /^[^.[]+/.exec(field)?.[0] ?? field;

describe('every edit of one scalar of a configuration', () => {
  it('is tried, for most scalars that there are', () => {
    expect(EDITS.length).toBeGreaterThan(150);
  });

  it('is told as a change of that field of that node and of nothing else', () => {
    const wrong = EDITS.flatMap(({ edit: { path, value }, result }) => {
      const plan = planOf(ORIGINAL, result);
      const same = result.compiled!.hash === ORIGINAL.compiled!.hash;
      if (same !== isEmpty(plan)) return [`${path.join('.')} = ${value}: same ${same}`];
      const head = firstField(path);
      const may = [head, ...(FOLLOWING[head] ?? [])];
      return plan.changes.flatMap(({ kind, name, fields }) => {
        const where = `${path.join('.')} = ${value}: ${kind} ${name}`;
        if (`${kind} ${name}` !== nodeOf(path)) return [where];
        return fields
          .filter(({ field }) => !may.includes(headOf(field)))
          .map(({ field }) => `${where} ${field}`);
      });
    });
    expect(wrong).toEqual([]);
  });

  it('is told with a place in the file', () => {
    const lost = EDITS.flatMap(({ edit, result }) =>
      planOf(ORIGINAL, result)
        .changes.flatMap(({ fields }) => fields)
        .filter(({ place }) => place?.file !== 'gateway.yaml')
        .map(({ field }) => `${edit.path.join('.')}: ${field}`),
    );
    expect(lost).toEqual([]);
  });
});

const swapSign = { added: 'removed', removed: 'added', changed: 'changed' } as const;

/** What a plan tells of changes, as seen from the other side. */
const mirrored = (changes: Plan['changes']) =>
  changes.map(({ kind, name, change, fields }) => ({
    kind,
    name,
    change: swapSign[change],
    fields: fields
      .map((field) => ({
        field: field.field,
        before: field.after,
        after: field.before,
        ...(field.kind === 'list' && {
          added: field.removed,
          removed: field.added,
          moved: field.moved.map(({ key, from, to }) => ({ key, from: to, to: from })),
        }),
      }))
      .sort((a, b) => (a.field < b.field ? -1 : 1)),
  }));

const plainChanges = (changes: Plan['changes']) =>
  mirrored(changes).map(({ change, fields, ...node }) => ({
    ...node,
    change: swapSign[change],
    fields: fields.map(({ field, before, after, ...list }) => ({
      field,
      before: after,
      after: before,
      ...('moved' in list && {
        added: list.removed,
        removed: list.added,
        moved: list.moved!.map(({ key, from, to }) => ({ key, from: to, to: from })),
      }),
    })),
  }));

const REMOVALS: readonly ((yaml: Editable) => void)[] = [
  (yaml) => {
    yaml.servers.engineering.policies.reverse();
  },
  (yaml) => {
    yaml.servers.engineering.identity.push(yaml.servers.engineering.identity.shift());
  },
  (yaml) => {
    yaml.servers.engineering.expose.reverse();
  },
  (yaml) => {
    yaml.servers.desk.expose.push(yaml.servers.desk.expose.shift());
  },
  (yaml) => {
    yaml.servers.desk.expose.pop();
  },
  (yaml) => {
    delete yaml.upstreams.remote.breaker;
  },
  (yaml) => {
    delete yaml.listeners.edge.ip;
  },
  (yaml) => {
    delete yaml.listeners.local.headers;
  },
  (yaml) => {
    delete yaml.servers.engineering.limits;
  },
  (yaml) => {
    yaml.sealing.keys.reverse();
  },
  (yaml) => {
    yaml.upstreams.files = { type: 'http', endpoints: ['https://files.example/mcp'] };
  },
];

const variant = (chosen: readonly number[]): CompileResult => {
  const yaml = parse(TEXT);
  for (const index of chosen) REMOVALS[index % REMOVALS.length]!(yaml);
  return compileText(stringify(yaml));
};

describe('plans of any two configurations', () => {
  it('mirror each other', () => {
    const some = fc.uniqueArray(fc.nat(REMOVALS.length - 1), { maxLength: 5 });
    fc.assert(
      fc.property(some, some, (one, other) => {
        const [a, b] = [variant(one), variant(other)];
        expect(a.compiled).toBeDefined();
        expect(b.compiled).toBeDefined();
        expect(mirrored(planOf(a, b).changes)).toEqual(plainChanges(planOf(b, a).changes));
      }),
      { numRuns: 40 },
    );
  });

  it('are written the same each time, and hold no value of what they cannot name', () => {
    const [a, b] = [variant([0, 5, 10]), variant([2, 6])];
    const write = () => {
      const plan = planOf(a, b);
      return [renderPlanText(plan, { color: false }), renderPlanJson(plan), renderPlanMarkdown(plan)];
    };
    expect(write()).toEqual(write());
    for (const text of write()) expect(text).not.toMatch(/undefined|\[object|NaN/);
  });
});
