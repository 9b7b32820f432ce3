/** GW6xxx: artifacts, and what may be served. */
import { entry } from '../entry.ts';

const COMPILE_AGAIN = 'write it again with `gatewright compile`';

export const ARTIFACT = {
  GW6000: entry<{
    what: string;
    version: number;
    oldest: number;
    newest: number;
    by: string | undefined;
  }>({
    severity: 'error',
    title: 'Artifact of another format',
    message: ({ what, version }) => `the format ${version} of the ${what} is unknown`,
    help: ({ version, newest }) => [
      version > newest
        ? 'serve it with the version of gatewright that compiled it, or a newer one'
        : COMPILE_AGAIN,
    ],
    note: ({ oldest, newest, by }) => [
      oldest === newest
        ? `this version reads format ${newest}`
        : `this version reads formats ${oldest} to ${newest}`,
      by && `the artifact was written by version ${by}`,
    ],
  }),
  GW6001: entry<object>({
    severity: 'error',
    title: 'Artifact that is no JSON',
    message: () => 'the artifact is cut off or damaged: this is not JSON',
    help: () => [`copy it again, or ${COMPILE_AGAIN}`],
  }),
  GW6002: entry<object>({
    severity: 'error',
    title: 'Artifact in another spelling',
    message: () => 'the artifact is not spelt as it was written',
    label: () => 'differs from here on',
    help: () => [`leave the file as it is and change the configuration; then ${COMPILE_AGAIN}`],
    note: () => ['an artifact is canonical JSON: sorted keys, no blanks, one line'],
  }),
  GW6003: entry<{ key: string }>({
    severity: 'error',
    title: 'Key twice in an artifact',
    message: ({ key }) => `the key \`${key}\` is there twice`,
    help: () => [COMPILE_AGAIN],
    note: () => ['programs differ in which of two they take'],
  }),
  GW6004: entry<{ path: string; expected: string }>({
    severity: 'error',
    title: 'Artifact of the wrong shape',
    message: ({ path, expected }) =>
      expected === 'nothing' ? `\`${path}\` is unknown` : `\`${path}\` must be ${expected}`,
    help: () => [COMPILE_AGAIN],
  }),
  GW6005: entry<{ member: string }>({
    severity: 'error',
    title: 'Artifact that contradicts itself',
    message: ({ member }) => `\`${member}\` does not belong to this graph`,
    label: () => 'the graph yields another value',
    help: () => [`change the configuration, not the artifact, and ${COMPILE_AGAIN}`],
  }),
  GW6006: entry<{ section: string; name: string }>({
    severity: 'error',
    title: 'Artifact without what it names',
    message: ({ section, name }) => `\`${name}\` is none of the ${section} of the graph`,
    help: () => [COMPILE_AGAIN],
  }),
  GW6007: entry<object>({
    severity: 'error',
    title: 'Overlay over an artifact',
    message: () => 'nothing can be laid over an artifact',
    help: () => ['give the overlays to `gatewright compile`'],
  }),
  GW6010: entry<{ path: string }>({
    severity: 'error',
    title: 'Artifact without a signature',
    message: ({ path }) => `there is no signature \`${path}\``,
    help: () => ['sign it with `gatewright compile --sign`, and copy both files'],
  }),
  GW6011: entry<{ path: string }>({
    severity: 'error',
    title: 'Not a signature',
    message: ({ path }) => `\`${path}\` is no signature`,
    help: () => ['copy it again, or sign the artifact again with `gatewright compile --sign`'],
  }),
  GW6012: entry<{ keyId: string; trusted: readonly string[] }>({
    severity: 'error',
    title: 'Signature by another key',
    message: ({ keyId }) => `the key \`${keyId}\` is not trusted`,
    help: () => ['sign with a key that is trusted, or give its public key with `--key`'],
    note: ({ trusted }) => trusted.map((id) => `trusted is \`${id}\``),
  }),
  GW6013: entry<{ path: string; keyId: string }>({
    severity: 'error',
    title: 'Signature of something else',
    message: ({ path }) => `\`${path}\` is no signature of this artifact`,
    help: () => ['copy the artifact and its signature again, both of the same compile'],
    note: ({ keyId }) => [`it names the key \`${keyId}\`, which is trusted`],
  }),
  GW6014: entry<{ path: string }>({
    severity: 'error',
    title: 'Configuration where an artifact is due',
    message: ({ path }) => `\`${path}\` is no artifact, and a signature is required`,
    help: () => ['compile and sign it with `gatewright compile --sign`, and serve the artifact'],
  }),
};
