/** What the API of Kubernetes takes: its own OpenAPI, as kubernetes-models packs it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { ROOT } from '../support/source-file.ts';

// biome-ignore lint/suspicious/noExplicitAny: any kind of object, read by tests that know which
export type Manifest = any;

interface Kind {
  /** Judges types, required fields and formats; lets fields pass that nobody knows. */
  readonly Model: new (
    data: Manifest,
  ) => { validate(): void };
  /** Where its type is, which knows all fields. */
  readonly module: string;
}

const KUBERNETES = 'kubernetes-models';
const KINDS: Readonly<Record<string, Kind>> = {
  'v1/ConfigMap': { Model: ConfigMap, module: `${KUBERNETES}/v1/ConfigMap` },
  'v1/Service': { Model: Service, module: `${KUBERNETES}/v1/Service` },
  'apps/v1/Deployment': { Model: Deployment, module: `${KUBERNETES}/apps/v1/Deployment` },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    Model: HorizontalPodAutoscaler,
    module: `${KUBERNETES}/autoscaling/v2/HorizontalPodAutoscaler`,
  },
  'policy/v1/PodDisruptionBudget': {
    Model: PodDisruptionBudget,
    module: `${KUBERNETES}/policy/v1/PodDisruptionBudget`,
  },
  'networking.k8s.io/v1/NetworkPolicy': {
    Model: NetworkPolicy,
    module: `${KUBERNETES}/networking.k8s.io/v1/NetworkPolicy`,
  },
  'networking.k8s.io/v1/Ingress': { Model: Ingress, module: `${KUBERNETES}/networking.k8s.io/v1/Ingress` },
  'monitoring.coreos.com/v1/ServiceMonitor': {
    Model: ServiceMonitor,
    module: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor',
  },
};

const problemOf = (manifest: Manifest): string | undefined => {
  const kind = KINDS[`${manifest.apiVersion}/${manifest.kind}`];
  if (kind === undefined) return `no schema for ${manifest.apiVersion}/${manifest.kind}`;
  try {
    new kind.Model(manifest).validate();
    return undefined;
  } catch (error) {
    return `${manifest.kind}: ${error instanceof Error ? error.message : String(error)}`;
  }
};

/** The compiler refuses literals with a field that their type has not. */
const unknownFields = async (manifests: readonly Manifest[]): Promise<readonly string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-manifests-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const lines = manifests.map(({ apiVersion, ...manifest }, index) => {
      const type = `import('${KINDS[`${apiVersion}/${manifest.kind}`]!.module}').I${manifest.kind}`;
      return `export const m${index}: ${type} = ${JSON.stringify({ apiVersion, ...manifest })};`;
    });
    await writeFile(join(folder, 'manifests.mts'), `${lines.join('\n')}\n`);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    return await new Promise((resolve) => {
      execFile(tsc, [...options, '--ignoreConfig', 'manifests.mts'], { cwd: folder }, (error, stdout) =>
        resolve(error === null ? [] : [stdout || error.message]),
      );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** What the API of Kubernetes would not take of the manifests: wrong or missing fields, and unknown ones. */
export const kubernetesProblems = async (manifests: readonly Manifest[]): Promise<readonly string[]> => {
  const problems = manifests.map(problemOf).filter((problem) => problem !== undefined);
  return problems.length > 0 ? problems : unknownFields(manifests);
};
