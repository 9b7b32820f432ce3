import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compile } from '../../compiler/compile.ts';
import { durationMs } from '../../schema/unit.ts';
import { ROOT } from '../support/source-file.ts';

const CHART = join(ROOT, 'deploy/helm/gatewright');
const text = (name: string): Promise<string> => readFile(join(CHART, name), 'utf8');

// biome-ignore lint/suspicious/noExplicitAny: values of a chart are read here as their templates read them
type Values = any;

const readValues = async (): Promise<Values> => parse(await text('values.yaml'));

const validator = async () =>
  new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(await text('values.schema.json')));

describe('the values of the chart', () => {
  it('are what their schema accepts', async () => {
    const validate = await validator();
    expect(validate(await readValues()), JSON.stringify(validate.errors)).toBe(true);
  });

  it('are all in the schema, and no name is that is not theirs', async () => {
    const namesOf = (schema: Values, value: Values, at: string): string[] =>
      schema.properties === undefined || value === undefined
        ? []
        : Object.keys(schema.properties).flatMap((key) => {
            const path = `${at}${key}`;
            const isMissing = value[key] === undefined && !['global', 'resources.claims'].includes(path);
            return [...(isMissing ? [path] : []), ...namesOf(schema.properties[key], value[key], `${path}.`)];
          });
    expect(namesOf(JSON.parse(await text('values.schema.json')), await readValues(), '')).toEqual([]);
  });

  it('are refused with a typo, wherever it is, and with what would make the chart unsafe', async () => {
    const validate = await validator();
    const refused: readonly ((values: Values) => void)[] = [
      (values) => Object.assign(values, { replica: 3 }),
      (values) => Object.assign(values.image, { tags: 'x' }),
      (values) => Object.assign(values.configuration, { gatway: 'version: 1' }),
      (values) => Object.assign(values.networkPolicy, { enable: false }),
      (values) => Object.assign(values.autoscaling.scaleDown, { window: 1 }),
      (values) => Object.assign(values.networkPolicy, { enabled: 'no' }),
      (values) => Object.assign(values.configuration.files, { '../escape': 'x' }),
      (values) => Object.assign(values.configuration.files, { 'gateway.yaml': 'x' }),
      (values) => Object.assign(values.ports, { data: 80 }),
      (values) => values.secrets.push({ secret: 'x', name: 'sealing' }),
      (values) => values.secrets.push({ secret: 'x', name: '../etc' }),
      (values) => Object.assign(values.image, { digest: 'sha256:abc' }),
      (values) => Object.assign(values.spread, { nodes: 'Maybe' }),
    ];
    for (const spoil of refused) {
      const values = await readValues();
      spoil(values);
      expect(validate(values), String(spoil)).toBe(false);
    }
  });

  it('are all read by a template, and templates read no other', async () => {
    const templates = (await readdir(join(CHART, 'templates'))).map((name) => text(`templates/${name}`));
    const source = (await Promise.all(templates))
      .join('\n')
      .replaceAll('$configuration.', '.Values.configuration.');
    const read = new Set([...source.matchAll(/\.Values\.([A-Za-z.]+)/g)].map(([, path]) => path!));
    const values = await readValues();
    const valueAt = (path: string): unknown => path.split('.').reduce<Values>((at, key) => at?.[key], values);
    expect([...read].filter((path) => valueAt(path) === undefined)).toEqual([]);
    const leaves = (value: Values, at: string): string[] =>
      read.has(at) || typeof value !== 'object' || value === null || Array.isArray(value)
        ? [at]
        : Object.keys(value).flatMap((key) => leaves(value[key], at === '' ? key : `${at}.${key}`));
    expect(leaves(values, '').filter((path) => !read.has(path))).toEqual([]);
  });
});

describe('the gateway.yaml of the chart', () => {
  const gatewayOf = async (): Promise<string> => (await readValues()).configuration.gateway;

  it('is for production, and has no finding there', async () => {
    const main = await gatewayOf();
    const { compiled, diagnostics } = compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? Buffer.from(main) : undefined),
    });
    expect(diagnostics).toEqual([]);
    expect(compiled).toBeDefined();
    expect([undefined, 'production']).toContain(parse(main).profile);
  });

  it('listens at the ports of the chart, and serves what is asked for there', async () => {
    const { ports } = await readValues();
    const { listeners } = parse(await gatewayOf());
    expect(listeners.main.bind).toBe(`0.0.0.0:${ports.data}`);
    expect(listeners.operations.bind).toBe(`0.0.0.0:${ports.operations}`);
    expect(listeners.operations.serve).toEqual(['health', 'metrics']);
  });

  it('ends before Kubernetes kills it', async () => {
    const values = await readValues();
    const deadline = durationMs(parse(await gatewayOf()).shutdown.deadline)!;
    expect(values.terminationGracePeriodSeconds * 1000).toBeGreaterThan(
      deadline + values.preStopSeconds * 1000,
    );
  });

  it('seals with the key that all replicas are given', async () => {
    const { sealing } = parse(await gatewayOf());
    expect(sealing.keys).toEqual([`\${file:/run/secrets/sealing/seal-0}`]);
    expect((await readValues()).sealing.secret).toBe('gatewright-sealing');
  });
});

describe('the chart', () => {
  it('has the version of the package', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(parse(await text('Chart.yaml'))).toMatchObject({ apiVersion: 'v2', version, appVersion: version });
  });

  it('mounts whole folders, which follow their ConfigMap, and never a file by subPath', async () => {
    const deployment = (await text('templates/deployment.yaml')).replace(/^\s*#.*$/gm, '');
    expect(deployment).not.toContain('subPath');
    expect(deployment).toContain('mountPath: /etc/gatewright');
  });
});
