/** Sums up a `.cpuprofile`, as V8 writes it. */

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Node ids, one a sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Time spent in one place itself, callees excluded. */
export interface SelfTime {
  readonly place: string;
  /** Of the time in which the process was not idle. */
  readonly share: number;
}

const IDLE = '(idle)';

/** A path within the package, `node:…`, or what V8 calls it. */
const shortUrl = (url: string, root: string): string =>
  url.startsWith(root) ? url.slice(root.length) : url.replace(/^.*\/node_modules\//, 'node_modules/');

const functionPlace = ({ callFrame }: ProfileNode, root: string): string => {
  const name = callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName;
  return callFrame.url === ''
    ? name
    : `${name}  ${shortUrl(callFrame.url, root)}:${callFrame.lineNumber + 1}`;
};

/** The room of the package, the library or Node.js's own module that a function belongs to. */
const modulePlace = ({ callFrame }: ProfileNode, root: string): string => {
  const url = shortUrl(callFrame.url, root);
  if (url === '')
    return callFrame.functionName === '(garbage collector)' ? 'garbage collector' : 'native code';
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  if (url.startsWith('node_modules/'))
    return url
      .split('/')
      .slice(0, url.includes('/@') ? 3 : 2)
      .join('/');
  return url.split('/').slice(0, -1).join('/');
};

const selfTimes = (profile: CpuProfile, place: (node: ProfileNode) => string): readonly SelfTime[] => {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const timeUs = new Map<string, number>();
  let busyUs = 0;
  profile.samples.forEach((id, index) => {
    const node = nodes.get(id);
    if (node === undefined || node.callFrame.functionName === IDLE) return;
    const deltaUs = profile.timeDeltas[index] ?? 0;
    busyUs += deltaUs;
    const key = place(node);
    timeUs.set(key, (timeUs.get(key) ?? 0) + deltaUs);
  });
  return [...timeUs]
    .map(([key, us]) => ({ place: key, share: us / busyUs }))
    .sort((left, right) => right.share - left.share);
};

/** Functions by self time, the largest first. `root` is a URL or path that is cut off from places. */
export const functionTimes = (profile: CpuProfile, root: string): readonly SelfTime[] =>
  selfTimes(profile, (node) => functionPlace(node, root));

/** Folders, libraries and Node.js modules by self time, the largest first. */
export const moduleTimes = (profile: CpuProfile, root: string): readonly SelfTime[] =>
  selfTimes(profile, (node) => modulePlace(node, root));
