/** OCI image layout 1.0 on disk: from `index.json` over a manifest to blobs, each held to its digest. */
import { join } from 'node:path';
import { parseExactly } from '../../../schema/escaped-keys.ts';
import { readSettled } from '../read-settled.ts';
import { digestOf } from '../snapshot.ts';

/** What refers to a blob. */
export interface Descriptor {
  readonly mediaType: string;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Manifest {
  /** That of the manifest itself. */
  readonly sha256: string;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  /** The manifest that this one says something about, if any. */
  readonly subjectSha256: string | undefined;
}

const INDEX_MAX_BYTES = 4 * 1024 * 1024;

/** How many manifests an index may have: all are read to find what refers to one. */
const MAX_MANIFESTS = 1000;

const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

/** Nothing else may become part of a path. */
const DIGEST = /^sha256:([0-9a-f]{64})$/;

type Json = Readonly<Record<string, unknown>>;

const objectIn = (value: unknown, what: string): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no object`);
  return value as Json;
};

const listIn = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new Error(`${what} is no list`);
  return value;
};

const parse = (bytes: Uint8Array, what: string): Json => {
  let value: unknown;
  try {
    value = parseExactly(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new Error(`${what} is no JSON`);
  }
  return objectIn(value, what);
};

const sha256In = (digest: unknown, what: string): string => {
  const [, sha256] = (typeof digest === 'string' && DIGEST.exec(digest)) || [];
  if (sha256 === undefined) throw new Error(`${what} has a digest that is no sha256`);
  return sha256;
};

const annotationsIn = (value: unknown): Readonly<Record<string, string>> => {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
};

const descriptorIn = (value: unknown, what: string): Descriptor => {
  const { mediaType, digest, size, annotations } = objectIn(value, what);
  if (typeof mediaType !== 'string' || !Number.isSafeInteger(size))
    throw new Error(`${what} has no media type or no size`);
  const sha256 = sha256In(digest, what);
  return { mediaType, sha256, size: size as number, annotations: annotationsIn(annotations) };
};

const readFile = async (
  path: string,
  what: string,
  maxBytes: number,
  tooLarge = `${what} is too large`,
): Promise<Buffer> => {
  try {
    return await readSettled(path, maxBytes);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(code === 'too-large' ? tooLarge : `${what} cannot be read: ${code}`, { cause });
  }
};

/**
 * The bytes of a blob. Rejects if they are not those that the descriptor means, or more than `maxBytes`; no more is
 * read than the descriptor says that there is.
 */
export const readBlob = async (
  folder: string,
  { sha256, size }: Pick<Descriptor, 'sha256' | 'size'>,
  maxBytes: number,
): Promise<Buffer> => {
  const what = `the blob sha256:${sha256}`;
  if (size > maxBytes) throw new Error(`${what} is larger than ${maxBytes} bytes`);
  const other = `${what} holds other bytes than its digest says`;
  const bytes = await readFile(join(folder, 'blobs', 'sha256', sha256), what, size, other);
  if (bytes.length !== size || digestOf(bytes) !== sha256) throw new Error(other);
  return bytes;
};

/** The manifests that the index of a layout lists, in its order; indexes in it are passed over. */
export const readIndex = async (folder: string): Promise<readonly Descriptor[]> => {
  const layout = parse(
    await readFile(join(folder, 'oci-layout'), '`oci-layout`', INDEX_MAX_BYTES),
    '`oci-layout`',
  );
  if (!/^1\./.test(String(layout.imageLayoutVersion)))
    throw new Error('`oci-layout` is of another version than 1');
  const bytes = await readFile(join(folder, 'index.json'), '`index.json`', INDEX_MAX_BYTES);
  const manifests = listIn(parse(bytes, '`index.json`').manifests, '`manifests` of `index.json`');
  if (manifests.length > MAX_MANIFESTS) throw new Error('`index.json` is too large');
  return manifests
    .map((each) => descriptorIn(each, 'a manifest of `index.json`'))
    .filter(({ mediaType }) => MANIFEST_TYPES.has(mediaType));
};

/** Reads a manifest that an index lists. */
export const readManifest = async (folder: string, descriptor: Descriptor): Promise<Manifest> => {
  const bytes = await readBlob(folder, descriptor, INDEX_MAX_BYTES);
  const what = `the manifest sha256:${descriptor.sha256}`;
  const { layers, annotations, subject } = parse(bytes, what);
  return {
    sha256: descriptor.sha256,
    layers: listIn(layers, `\`layers\` of ${what}`).map((each) => descriptorIn(each, `a layer of ${what}`)),
    annotations: annotationsIn(annotations),
    subjectSha256:
      subject === undefined
        ? undefined
        : sha256In(objectIn(subject, 'a subject').digest, `the subject of ${what}`),
  };
};
