import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { durationMs } from '../../schema/unit.ts';
import { ROOT } from '../support/source-file.ts';
import { kubernetesProblems, type Manifest } from './kubernetes-schema.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const run = promisify(execFile);
const CHART = join(ROOT, 'deploy/helm/gatewright');
/** The oldest Kubernetes that the chart is for. */
const OLDEST = '1.30.0';
const isMissing = spawnSync('helm', ['version']).error !== undefined;

/** Values are given as JSON, which is YAML. */
const helm = async (command: readonly string[], values: object): Promise<string> => {
  const args = [...command, CHART, '--namespace', 'mcp', '--kube-version', OLDEST, '--values', '-'];
  const running = run('helm', args);
  running.child.stdin!.end(JSON.stringify(values));
  return (await running).stdout;
};

const render = async (values: object = {}): Promise<readonly Manifest[]> =>
  parseAllDocuments(await helm(['template', 'gatewright'], values))
    .map((document) => document.toJS() as Manifest)
    .filter((manifest) => manifest !== null);

const ofKind = (manifests: readonly Manifest[], kind: string): Manifest =>
  manifests.find((manifest) => manifest.kind === kind);
const podOf = (manifests: readonly Manifest[]): Manifest =>
  ofKind(manifests, 'Deployment').spec.template.spec;

const PEER = { podSelector: { matchLabels: { app: 'proxy' } } };

/** Each shape that the templates can take. */
const VALUES: Readonly<Record<string, object>> = {
  defaults: {},
  'everything on': {
    imagePullSecrets: [{ name: 'registry' }],
    image: { digest: `sha256:${'0'.repeat(64)}` },
    configuration: { files: { 'more.yaml': 'servers: {}\n' }, restartOnChange: true },
    secrets: [{ secret: 'hub-token', name: 'hub' }],
    env: [
      { name: 'A', value: 'b' },
      { name: 'C', valueFrom: { secretKeyRef: { name: 'c', key: 'd' } } },
    ],
    service: { type: 'LoadBalancer', annotations: { a: 'b' }, sessionAffinity: 'ClientIP' },
    ingress: { enabled: true, className: 'nginx', annotations: { a: 'b' }, tlsSecret: 'tls' },
    autoscaling: {
      metrics: [
        {
          type: 'Pods',
          pods: {
            metric: { name: 'gatewright_requests_in_flight' },
            target: { type: 'AverageValue', averageValue: '50' },
          },
        },
      ],
    },
    networkPolicy: { dataFrom: [PEER], operationsFrom: [PEER] },
    serviceMonitor: {
      enabled: true,
      labels: { release: 'prometheus' },
      authorization: { type: 'Bearer', credentials: { name: 'scraper', key: 'token' } },
    },
    podAnnotations: { a: 'b' },
    podLabels: { team: 'tools' },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'high',
    peers: { enabled: true },
  },
  'everything off': {
    sealing: { secret: '' },
    state: { lastKnownGood: false },
    preStopSeconds: 0,
    autoscaling: { enabled: false },
    podDisruptionBudget: { enabled: false },
    networkPolicy: { enabled: false },
  },
  'nobody let in': { networkPolicy: { dataFrom: [], operationsFrom: [], egress: [] } },
  'a ConfigMap that is there': { configuration: { existingConfigMap: 'mine' } },
  'an artifact': { configuration: { artifact: { secret: 'artifact', trustSecret: 'trust' } } },
};

describe.skipIf(isMissing)('the chart', () => {
  let manifests: readonly Manifest[];
  beforeAll(async () => {
    manifests = await render();
  });

  it.each(Object.keys(VALUES))('is what lint accepts and the API of Kubernetes takes: %s', async (name) => {
    expect(await helm(['lint', '--strict', '--quiet'], VALUES[name]!)).not.toContain('[WARNING]');
    expect(await kubernetesProblems(await render(VALUES[name]))).toEqual([]);
  });

  it('would not pass with a field that Kubernetes does not know, or one of another type', async () => {
    const deployment = ofKind(manifests, 'Deployment');
    const unknown = structuredClone(deployment);
    unknown.spec.template.spec.containers[0].securityContext.readOnlyRootFilesytem = true;
    expect(await kubernetesProblems([unknown])).toEqual([expect.stringContaining('readOnlyRootFilesytem')]);
    const wrong = structuredClone(deployment);
    wrong.spec.template.spec.terminationGracePeriodSeconds = '45s';
    expect(await kubernetesProblems([wrong])).toHaveLength(1);
  });

  it('is refused by helm with a typo in its values', async () => {
    await expect(helm(['template', 'gatewright'], { autoscalling: {} })).rejects.toThrow('autoscalling');
  });

  it.each(Object.keys(VALUES))('gives every container no more than it needs: %s', async (name) => {
    const pod = podOf(await render(VALUES[name]));
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers'])
      expect(pod[key]).toBeUndefined();
    expect(pod.containers).toHaveLength(1);
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
      const writable = container.volumeMounts.filter(({ readOnly }: Manifest) => readOnly !== true);
      expect(writable.map(({ mountPath }: Manifest) => mountPath)).toEqual(['/var/lib/gatewright', '/tmp']);
      for (const mount of container.volumeMounts) {
        expect(mount.subPath).toBeUndefined();
        expect(pod.volumes.map((volume: Manifest) => volume.name)).toContain(mount.name);
      }
    }
    expect(pod.volumes.filter((volume: Manifest) => 'hostPath' in volume)).toEqual([]);
  });

  it('puts gateway.yaml into its ConfigMap byte for byte', async () => {
    const { configuration } = parse(await readFile(join(CHART, 'values.yaml'), 'utf8'));
    expect(ofKind(manifests, 'ConfigMap').data['gateway.yaml']).toBe(configuration.gateway);
    const odd = 'version: 1\n\n# {{ .Release.Name }} stays as it is\n"a": "${env:A}"\n';
    const others = await render({ configuration: { gateway: odd, files: { 'b.yaml': '{{ x }}\n' } } });
    expect(ofKind(others, 'ConfigMap').data).toEqual({ 'gateway.yaml': odd, 'b.yaml': '{{ x }}\n' });
  });

  it('asks for health where the gateway serves it', () => {
    const [container] = podOf(manifests).containers;
    const { listeners } = parse(ofKind(manifests, 'ConfigMap').data['gateway.yaml']);
    const { containerPort } = container.ports.find(({ name }: Manifest) => name === 'operations');
    expect(listeners.operations.bind).toBe(`0.0.0.0:${containerPort}`);
    expect(listeners.operations.serve).toContain('health');
    expect(container.livenessProbe.httpGet).toEqual({ path: '/-/healthy', port: 'operations' });
    expect(container.startupProbe.httpGet).toEqual({ path: '/-/healthy', port: 'operations' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/-/ready', port: 'operations' });
  });

  it('leaves the time that an end in order takes', () => {
    const { terminationGracePeriodSeconds, containers } = podOf(manifests);
    const { shutdown } = parse(ofKind(manifests, 'ConfigMap').data['gateway.yaml']);
    const { seconds } = containers[0].lifecycle.preStop.sleep;
    expect(terminationGracePeriodSeconds * 1000).toBeGreaterThan(
      durationMs(shutdown.deadline)! + seconds * 1000,
    );
  });

  it('replaces no pod for a change of the configuration, unless it is told to', async () => {
    const template = async (gateway: string, restartOnChange: boolean): Promise<Manifest> =>
      ofKind(await render({ configuration: { gateway, restartOnChange } }), 'Deployment').spec.template;
    expect(await template('a: 1', false)).toEqual(await template('a: 2', false));
    expect(await template('a: 1', true)).not.toEqual(await template('a: 2', true));
  });

  it('lets nobody in where no peer is listed, and leaves the two ports to different peers', async () => {
    const { spec } = ofKind(manifests, 'NetworkPolicy');
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(spec.ingress.map(({ ports }: Manifest) => ports.map(({ port }: Manifest) => port))).toEqual([
      ['mcp'],
      ['operations'],
    ]);
    for (const rule of spec.ingress) expect(rule.from.length).toBeGreaterThan(0);
    const closed = ofKind(await render(VALUES['nobody let in']), 'NetworkPolicy').spec;
    expect([closed.ingress, closed.egress, closed.policyTypes]).toEqual([[], [], ['Ingress', 'Egress']]);
  });

  it('lets pods of the release reach each other at the port of peers, and nobody else there', async () => {
    const all = await render({
      peers: { enabled: true },
      networkPolicy: { dataFrom: [], operationsFrom: [] },
    });
    const { spec } = ofKind(all, 'NetworkPolicy');
    const pods = [{ podSelector: { matchLabels: ofKind(all, 'Deployment').spec.selector.matchLabels } }];
    expect(spec.ingress).toEqual([{ from: pods, ports: [{ port: 'peers', protocol: 'TCP' }] }]);
    expect(spec.egress.at(-1)).toEqual({ to: pods, ports: [{ port: 7946, protocol: 'TCP' }] });
    const [container] = podOf(all).containers;
    expect(container.ports.at(-1)).toEqual({ name: 'peers', containerPort: 7946, protocol: 'TCP' });
    expect(container.env[0]).toMatchObject({
      name: 'POD_IP',
      valueFrom: { fieldRef: { fieldPath: 'status.podIP' } },
    });
    expect(JSON.stringify(manifests)).not.toContain('peers');
  });

  it('shows operations in a Service of their own, which no value makes public', async () => {
    const all = await render(VALUES['everything on']);
    const services = all.filter(({ kind }) => kind === 'Service');
    const ports = services.map(({ spec }) => [spec.type, spec.ports.map(({ name }: Manifest) => name)]);
    expect(ports).toEqual(
      expect.arrayContaining([
        ['LoadBalancer', ['mcp']],
        [undefined, ['operations']],
      ]),
    );
    expect(ports).toHaveLength(2);
    const { spec } = ofKind(all, 'ServiceMonitor');
    const watched = services.filter(({ metadata }) =>
      Object.entries(spec.selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
    );
    expect(watched.map(({ metadata }) => metadata.name)).toEqual(['gatewright-operations']);
  });

  it('leaves the number of replicas to the autoscaler, by CPU or by what is said', async () => {
    expect(ofKind(manifests, 'Deployment').spec.replicas).toBeUndefined();
    expect(ofKind(manifests, 'HorizontalPodAutoscaler').spec.metrics[0].resource.name).toBe('cpu');
    const custom = ofKind(await render(VALUES['everything on']), 'HorizontalPodAutoscaler').spec.metrics;
    expect(custom.map(({ type }: Manifest) => type)).toEqual(['Pods']);
    const fixed = await render(VALUES['everything off']);
    expect(ofKind(fixed, 'Deployment').spec.replicas).toBe(2);
    expect(ofKind(fixed, 'HorizontalPodAutoscaler')).toBeUndefined();
  });

  it('runs an artifact only with the signature that is asked for, by a key that is not beside it', async () => {
    const all = await render(VALUES['an artifact']);
    const { containers, volumes } = podOf(all);
    expect(containers[0].args.slice(0, 5)).toEqual([
      'run',
      '/etc/gatewright/gateway.artifact.json',
      '--require-signature',
      '--key',
      '/etc/gatewright-trust/ci.pub.pem',
    ]);
    expect(volumes).toContainEqual({ name: 'configuration', secret: { secretName: 'artifact' } });
    expect(volumes).toContainEqual({ name: 'trust', secret: { secretName: 'trust' } });
    expect(ofKind(all, 'ConfigMap')).toBeUndefined();
  });
});
