/** An artifact in an OCI image layout on disk, as `oras`, `skopeo` and registries' mirrors write it. */
import { resolve } from 'node:path';
import { digestOf } from '../snapshot.ts';
import type { Address } from './address.ts';
import { MAX_ARTIFACT_BYTES, MAX_SIGNATURE_BYTES } from './bounds.ts';
import { type Descriptor, type Manifest, readBlob, readIndex, readManifest } from './oci-layout.ts';
import { type Fetched, fetchedPair, type Source } from './source.ts';

const TAG = 'org.opencontainers.image.ref.name';
const TITLE = 'org.opencontainers.image.title';
const CREATED = 'org.opencontainers.image.created';

/** Of layers, for who does not name them as files. */
const ARTIFACT_TYPE = 'application/vnd.gatewright.artifact.v1+json';
const SIGNATURE_TYPE = 'application/vnd.gatewright.signature.v1+json';

/** Of a manifest: the text of the signature itself. */
const SIGNATURE_ANNOTATION = 'dev.gatewright.signature';

const DEFAULT_TAG = 'latest';

const isSignature = ({ mediaType, annotations }: Descriptor): boolean =>
  mediaType === SIGNATURE_TYPE || (annotations[TITLE]?.endsWith('.sig') ?? false);

/** The layer that is an artifact: the one of that type, else the only one that is no signature. */
const artifactIn = ({ layers }: Manifest): Descriptor | undefined => {
  const typed = layers.filter(({ mediaType }) => mediaType === ARTIFACT_TYPE);
  const found = typed.length > 0 ? typed : layers.filter((layer) => !isSignature(layer));
  return found.length === 1 ? found[0] : undefined;
};

const readAll = (folder: string, index: readonly Descriptor[]): Promise<readonly Manifest[]> =>
  Promise.all(index.map((each) => readManifest(folder, each)));

export class OciSource implements Source {
  readonly #address: Extract<Address, { kind: 'oci' }>;
  #last: Fetched | undefined;

  constructor(address: Extract<Address, { kind: 'oci' }>) {
    this.#address = address;
  }

  async fetch(): Promise<Fetched> {
    const folder = resolve(this.#address.folder);
    const index = await readIndex(folder);
    const manifest = await this.#manifest(folder, index);
    const layer = artifactIn(manifest);
    if (layer === undefined)
      throw new Error(
        `the manifest sha256:${manifest.sha256} has no layer, or several, that may be an artifact`,
      );
    const signature = await this.#signature(folder, index, manifest);
    const revision = `${manifest.sha256}:${signature === undefined ? '' : digestOf(signature)}`;
    if (this.#last?.revision === revision) return this.#last;
    const created = Date.parse(manifest.annotations[CREATED] ?? '');
    this.#last = fetchedPair({
      revision,
      main: layer.annotations[TITLE] ?? 'gateway.artifact.json',
      artifact: await readBlob(folder, layer, MAX_ARTIFACT_BYTES),
      signature,
      publishedAtMs: Number.isNaN(created) ? undefined : created,
    });
    return this.#last;
  }

  async close(): Promise<void> {}

  async #manifest(folder: string, index: readonly Descriptor[]): Promise<Manifest> {
    const { tag } = this.#address;
    const tagged = index.find(({ annotations }) => annotations[TAG] === (tag ?? DEFAULT_TAG));
    if (tagged !== undefined) return await readManifest(folder, tagged);
    if (tag !== undefined) throw new Error(`\`index.json\` has no tag \`${tag}\``);
    const [only, ...others] = (await readAll(folder, index)).filter(
      ({ subjectSha256 }) => subjectSha256 === undefined,
    );
    if (only === undefined || others.length > 0)
      throw new Error(`\`index.json\` has no tag \`${DEFAULT_TAG}\`, and not one manifest only`);
    return only;
  }

  /** Beside the artifact, in an annotation, or in a manifest that refers to the artifact's. */
  async #signature(
    folder: string,
    index: readonly Descriptor[],
    manifest: Manifest,
  ): Promise<Uint8Array | undefined> {
    const beside = manifest.layers.find(isSignature);
    if (beside !== undefined) return await readBlob(folder, beside, MAX_SIGNATURE_BYTES);
    const annotation = manifest.annotations[SIGNATURE_ANNOTATION];
    if (annotation !== undefined) return Buffer.from(annotation);
    for (const referrer of await readAll(folder, index)) {
      const layer =
        referrer.subjectSha256 === manifest.sha256 ? referrer.layers.find(isSignature) : undefined;
      if (layer !== undefined) return await readBlob(folder, layer, MAX_SIGNATURE_BYTES);
    }
    return undefined;
  }
}
