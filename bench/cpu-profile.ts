/** Sums up a `.cpuprofile`, as V8 writes it. */

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  /** Ids of callees. */
  readonly children?: readonly number[];
}

export interface CpuProfile {
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly nodes: readonly ProfileNode[];
  /** Node ids, one a sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Time spent in one place. */
export interface PlaceTime {
  readonly place: string;
  /** Of the time in which the process was not idle. */
  readonly share: number;
}

const IDLE = '(idle)';

/** A path within the package, `node:…`, or what V8 calls it. */
const shortUrl = (url: string, root: string): string =>
  url.startsWith(root) ? url.slice(root.length) : url.replace(/^.*\/node_modules\//, 'node_modules/');

/** A function with its place, where it has one. `root` is cut off from it. */
export const frameName = ({ callFrame }: ProfileNode, root: string): string => {
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

/** The part of a profile between two moments of the monotonic clock, in microseconds. */
export const within = (profile: CpuProfile, fromUs: number, toUs: number): CpuProfile => {
  let nowUs = profile.startTime;
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  profile.samples.forEach((id, index) => {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    nowUs += deltaUs;
    if (nowUs < fromUs || nowUs > toUs) return;
    samples.push(id);
    timeDeltas.push(deltaUs);
  });
  return { ...profile, samples, timeDeltas };
};

/** Sums up what each sample adds to the places that `placesOf` its node names. */
const timesBy = (
  profile: CpuProfile,
  placesOf: (node: ProfileNode) => Iterable<string>,
): readonly PlaceTime[] => {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const timeUs = new Map<string, number>();
  let busyUs = 0;
  profile.samples.forEach((id, index) => {
    const node = nodes.get(id);
    if (node === undefined || node.callFrame.functionName === IDLE) return;
    const deltaUs = profile.timeDeltas[index] ?? 0;
    busyUs += deltaUs;
    for (const place of placesOf(node)) timeUs.set(place, (timeUs.get(place) ?? 0) + deltaUs);
  });
  return [...timeUs]
    .map(([place, us]) => ({ place, share: us / busyUs }))
    .sort((left, right) => right.share - left.share);
};

/** Functions by the time spent in them alone, the largest first. `root` is cut off from places. */
export const functionTimes = (profile: CpuProfile, root: string): readonly PlaceTime[] =>
  timesBy(profile, (node) => [frameName(node, root)]);

/** Folders, libraries and Node.js modules by the time spent in them alone, the largest first. */
export const moduleTimes = (profile: CpuProfile, root: string): readonly PlaceTime[] =>
  timesBy(profile, (node) => [modulePlace(node, root)]);

/** The package's own functions by the time spent in them and whatever they call, the largest first. */
export const inclusiveTimes = (profile: CpuProfile, root: string): readonly PlaceTime[] => {
  const parents = new Map<number, ProfileNode>();
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node);
  const ownPlaces = (leaf: ProfileNode): ReadonlySet<string> => {
    const places = new Set<string>();
    for (let node: ProfileNode | undefined = leaf; node !== undefined; node = parents.get(node.id)) {
      const { url } = node.callFrame;
      if (url.startsWith(root) && !url.includes('/node_modules/')) places.add(frameName(node, root));
    }
    return places;
  };
  return timesBy(profile, ownPlaces);
};
