/** Writes OCI image layouts. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface OciDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_TITLE = 'org.opencontainers.image.title';
const OCI_TAG = 'org.opencontainers.image.ref.name';

/** Puts a blob into the layout; what refers to it. */
export const putBlob = async (
  folder: string,
  text: string,
  mediaType: string,
  annotations: Readonly<Record<string, string>> = {},
): Promise<OciDescriptor> => {
  const sha256 = createHash('sha256').update(text).digest('hex');
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  await writeFile(join(folder, 'blobs/sha256', sha256), text);
  return { mediaType, digest: `sha256:${sha256}`, size: Buffer.byteLength(text), annotations };
};

/** A layer that is named as a file, as `oras push` writes it. */
export const putFile = (folder: string, name: string, text: string): Promise<OciDescriptor> =>
  putBlob(folder, text, 'application/octet-stream', { [OCI_TITLE]: name });

/** A manifest of layers; `more` is what else stands in it, `tag` what the index calls it. */
export const putManifest = (
  folder: string,
  layers: readonly OciDescriptor[],
  { tag, more = {} }: { readonly tag?: string; readonly more?: Readonly<Record<string, unknown>> } = {},
): Promise<OciDescriptor> => {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers, ...more });
  return putBlob(folder, text, OCI_MANIFEST, tag === undefined ? {} : { [OCI_TAG]: tag });
};

/** Publishes manifests: the last write. */
export const putIndex = async (folder: string, manifests: readonly OciDescriptor[]): Promise<void> => {
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
};
