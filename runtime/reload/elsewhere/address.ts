/** Addresses of configurations that are no files of the disk. */
import { signatureFileOf } from '../../../schema/artifact-signature.ts';
import { isFetchable } from '../../identity/fetch-json.ts';

export type Address =
  | { readonly kind: 'http'; readonly url: string; readonly signatureUrl: string }
  | { readonly kind: 'oci'; readonly folder: string; readonly tag: string | undefined }
  | { readonly kind: 'git'; readonly folder: string; readonly reference: string; readonly path: string };

const httpAddress = (text: string): Address | string => {
  const url = URL.parse(text);
  if (url === null) return `\`${text}\` is no address`;
  if (url.username !== '' || url.password !== '')
    return 'an address with a name or a password in it ends up in logs';
  if (!isFetchable(text)) return `\`${text}\` is neither https nor http on a loopback address`;
  if (url.search !== '' || url.hash !== '')
    return `the address of an artifact ends with its path, not with \`?\` or \`#\``;
  return { kind: 'http', url: url.href, signatureUrl: signatureFileOf(url.href) };
};

const ociAddress = (rest: string): Address | string => {
  const [folder = '', tag, ...more] = rest.split(':');
  if (folder === '' || tag === '' || more.length > 0)
    return '`oci:` is followed by a folder, or by `<folder>:<tag>`';
  return { kind: 'oci', folder, tag };
};

const gitAddress = (rest: string): Address | string => {
  const parts = rest.split(':');
  const [folder, path] = [parts[0], parts.at(-1)];
  if (parts.length < 2 || parts.length > 3 || parts.includes(''))
    return '`git:` is followed by `<folder>:<path>`, or by `<folder>:<ref>:<path>`';
  return { kind: 'git', folder: folder!, reference: parts.length === 3 ? parts[1]! : 'HEAD', path: path! };
};

/** The address in a text; undefined if it names a file. A text says what is wrong with an address. */
export const parseAddress = (text: string): Address | string | undefined => {
  if (/^https?:/i.test(text)) return httpAddress(text);
  if (text.startsWith('oci:')) return ociAddress(text.slice('oci:'.length));
  return text.startsWith('git:') ? gitAddress(text.slice('git:'.length)) : undefined;
};
