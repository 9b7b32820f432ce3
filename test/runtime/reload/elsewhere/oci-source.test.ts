import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OciSource } from '../../../../runtime/reload/elsewhere/oci-source.ts';
import { OCI_MANIFEST, putBlob, putFile, putIndex, putManifest } from '../../../support/oci-layout.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-oci-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What is found at a tag: artifact and signature. */
const found = async (tag?: string): Promise<readonly (string | undefined)[]> => {
  const fetched = await new OciSource({ kind: 'oci', folder, tag }).fetch();
  return [fetched.main, `${fetched.main}.sig`].map((path) => {
    const bytes = fetched.read(path);
    return bytes && Buffer.from(bytes).toString('utf8');
  });
};

const files = (text: string) =>
  Promise.all([putFile(folder, 'a.json', text), putFile(folder, 'a.json.sig', `signature of ${text}`)]);

describe('an artifact in an OCI image layout', () => {
  it('is found by its tag, with the signature that is a layer beside it', async () => {
    const one = await putManifest(folder, await files('one'), { tag: 'v1' });
    const two = await putManifest(folder, await files('two'), { tag: 'latest' });
    await putIndex(folder, [one, two]);
    expect(await found('v1')).toEqual(['one', 'signature of one']);
    expect(await found()).toEqual(['two', 'signature of two']);
    await expect(found('v2')).rejects.toThrow('no tag `v2`');
  });

  it('finds a signature in an annotation, and one in a manifest that refers to the artifact', async () => {
    const layer = await putFile(folder, 'a.json', 'one');
    const more = { annotations: { 'dev.gatewright.signature': 'annotated' } };
    await putIndex(folder, [await putManifest(folder, [layer], { more })]);
    expect(await found()).toEqual(['one', 'annotated']);

    const subject = await putManifest(folder, [layer]);
    const type = 'application/vnd.gatewright.signature.v1+json';
    const signature = await putBlob(folder, 'referring', type);
    const referrer = await putManifest(folder, [signature], { more: { subject } });
    await putIndex(folder, [referrer, subject]);
    expect(await found()).toEqual(['one', 'referring']);
    await putIndex(folder, [subject]);
    expect(await found()).toEqual(['one', undefined]);
  });

  it('is the same object until the index names another', async () => {
    await putIndex(folder, [await putManifest(folder, await files('one'))]);
    const source = new OciSource({ kind: 'oci', folder, tag: undefined });
    const first = await source.fetch();
    expect(await source.fetch()).toBe(first);
    await putIndex(folder, [await putManifest(folder, await files('two'))]);
    expect((await source.fetch()).revision).not.toBe(first.revision);
  });

  it('is not taken if a blob holds other bytes than its digest says', async () => {
    const [layer, signature] = await files('one');
    const manifest = await putManifest(folder, [layer, signature]);
    await putIndex(folder, [manifest]);
    for (const { digest } of [layer, signature, manifest]) {
      const blob = join(folder, 'blobs/sha256', digest.slice('sha256:'.length));
      const bytes = await readFile(blob);
      await writeFile(blob, Buffer.from(bytes).fill(0x20, 0, 1));
      await expect(found()).rejects.toThrow('other bytes than its digest says');
      await writeFile(blob, bytes);
    }
    expect(await found()).toEqual(['one', 'signature of one']);
  });

  it('is not read further than its manifest says, nor an index further than one may be long', async () => {
    const [layer, signature] = await files('one');
    const manifest = await putManifest(folder, [layer, signature]);
    await putIndex(folder, [manifest]);
    const any = await open(join(folder, 'index.json'));
    const read = vi.spyOn(Object.getPrototypeOf(any) as typeof any, 'read');
    await any.close();
    const longest = (): number =>
      Math.max(...read.mock.calls.map(([into]) => (into as unknown as Buffer).length));
    expect(await found()).toEqual(['one', 'signature of one']);
    for (const { digest } of [layer, signature, manifest]) {
      const blob = join(folder, 'blobs/sha256', digest.slice('sha256:'.length));
      const bytes = await readFile(blob);
      // Sparse: of zeros that take no room on the disk; less and more than any file may have.
      for (const length of [15 * 1024 * 1024, 1e12]) {
        await truncate(blob, length);
        await expect(found()).rejects.toThrow('other bytes than its digest says');
      }
      await writeFile(blob, bytes);
    }
    expect(await found()).toEqual(['one', 'signature of one']);
    for (const file of ['index.json', 'oci-layout']) {
      const bytes = await readFile(join(folder, file));
      await truncate(join(folder, file), 15 * 1024 * 1024);
      await expect(found()).rejects.toThrow(`\`${file}\` is too large`);
      await writeFile(join(folder, file), bytes);
    }
    expect(longest()).toBeLessThanOrEqual(4096);
    read.mockRestore();
  });

  it.each(['sha256:../../../../etc/passwd', 'sha512:00', `sha256:${'A'.repeat(64)}`, 7])(
    'reads no file that a digest leads away to: %s',
    async (digest) => {
      const manifest = { mediaType: OCI_MANIFEST, digest: digest as string, size: 2 };
      await putIndex(folder, [manifest]);
      await expect(found()).rejects.toThrow('digest that is no sha256');
    },
  );

  it.each([
    ['a folder that is no layout', async () => {}, '`oci-layout` cannot be read: ENOENT'],
    ['an index that is no JSON', () => writeIndex('{'), '`index.json` is no JSON'],
    ['an index without manifests', () => writeIndex('{}'), 'is no list'],
    [
      'a manifest without a size',
      () => writeIndex('{"manifests":[{"mediaType":"a"}]}'),
      'no media type or no size',
    ],
    ['no manifest', () => putIndex(folder, []), 'not one manifest only'],
    [
      'a blob that is said to be huge',
      async () => putIndex(folder, [{ ...(await putManifest(folder, [])), size: 1e12 }]),
      'is larger than',
    ],
    [
      'several layers that may be the artifact',
      async () => {
        const layers = [await putFile(folder, 'a.json', 'one'), await putFile(folder, 'b.json', 'two')];
        await putIndex(folder, [await putManifest(folder, layers)]);
      },
      'no layer, or several',
    ],
  ])('is not found in %s', async (_, write, problem) => {
    await write();
    await expect(found()).rejects.toThrow(problem);
  });
});

const writeIndex = async (text: string): Promise<void> => {
  await putIndex(folder, []);
  await writeFile(join(folder, 'index.json'), text);
};
