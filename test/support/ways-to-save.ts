/** How editors, deployment tools and clusters replace a file. Each way can be taken again and again, in any order. */
import { mkdir, open, readlink, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Makes `file` hold `text`; `count` is another number each time. */
export type Save = (file: string, text: string, count: number) => Promise<void>;

const exists = (link: string): Promise<boolean> =>
  readlink(link).then(
    () => true,
    () => false,
  );

/** Renames a link over `link`, which is how it is repointed without a moment in which it is gone. */
const repoint = async (target: string, link: string): Promise<void> => {
  await symlink(target, `${link}.next`);
  await rename(`${link}.next`, link);
};

const inPlace: Save = (file, text) => writeFile(file, text);

const inTwoHalves: Save = async (file, text) => {
  const handle = await open(file, 'w');
  await handle.sync();
  await handle.write(text.slice(0, text.length / 2));
  await handle.sync();
  await handle.write(text.slice(text.length / 2));
  await handle.close();
};

const byRename: Save = async (file, text, count) => {
  const temporary = join(dirname(file), `.${basename(file)}.${count}`);
  await writeFile(temporary, text);
  await rename(temporary, file);
};

/** As a kubelet does: the file is a link into `..data`, a link to a folder, which is repointed. */
const byConfigMap: Save = async (file, text, count) => {
  const name = basename(file);
  const data = `..data_of_${name}`;
  const at = (path: string) => join(dirname(file), path);
  const version = `..${count}_of_${name}`;
  const previous = await readlink(at(data)).catch(() => undefined);
  await mkdir(at(version));
  await writeFile(at(join(version, name)), text);
  await repoint(version, at(data));
  if ((await readlink(file).catch(() => '')) !== join(data, name)) await repoint(join(data, name), file);
  if (previous !== undefined) await rm(at(previous), { recursive: true });
};

const byRemoval: Save = async (file, text) => {
  await unlink(file);
  await writeFile(file, text);
};

/** `file → one → two → a file of another folder`, of which the last and the one before it change in turn. */
const throughLinks: Save = async (file, text, count) => {
  const name = basename(file);
  const folder = join(dirname(file), `.chain_of_${name}`);
  const last = `release-${Math.floor(count / 2)}`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, last), text);
  await repoint(last, join(folder, 'two'));
  if (!(await exists(join(folder, 'one')))) await symlink('two', join(folder, 'one'));
  const target = join(`.chain_of_${name}`, 'one');
  if ((await readlink(file).catch(() => '')) !== target) await repoint(target, file);
};

/** As vim does with `backupcopy=no`. */
const withBackup: Save = async (file, text) => {
  await rename(file, `${file}~`);
  await writeFile(file, text);
  await unlink(`${file}~`);
};

/** As editors of JetBrains do. */
const withTwoNames: Save = async (file, text) => {
  await writeFile(`${file}___jb_tmp___`, text);
  await rename(file, `${file}___jb_old___`);
  await rename(`${file}___jb_tmp___`, file);
  await unlink(`${file}___jb_old___`);
};

const byStorm: Save = async (file, text) => {
  for (let write = 1; write < 200; write += 1) await writeFile(file, `half of write ${write}`);
  await writeFile(file, text);
};

/** Deployment by folder: the new one takes the name of the old, and with it its place. */
const byAnotherFolder: Save = async (file, text, count) => {
  const folder = dirname(file);
  await mkdir(`${folder}.${count}`);
  await writeFile(join(`${folder}.${count}`, basename(file)), text);
  await rename(folder, `${folder}.old`);
  await rename(`${folder}.${count}`, folder);
  await rm(`${folder}.old`, { recursive: true });
};

const byFolderMadeAnew: Save = async (file, text) => {
  await rm(dirname(file), { recursive: true });
  await mkdir(dirname(file));
  await writeFile(file, text);
};

export const WAYS_TO_SAVE: readonly (readonly [name: string, save: Save])[] = [
  ['in place', inPlace],
  ['cut off first, then in two halves', inTwoHalves],
  ['by an atomic rename', byRename],
  ["by a swap of a ConfigMap's data", byConfigMap],
  ['removed first, then made anew', byRemoval],
  ['at the end of a chain of links, or by a link of it', throughLinks],
  ['with a backup that is taken away, as vim does', withBackup],
  ['by way of two other names, as JetBrains editors do', withTwoNames],
  ['two hundred times in a row, the last one whole', byStorm],
];

/** Those that take the whole folder along, for files that have one of their own. */
export const WAYS_TO_SAVE_A_FOLDER: readonly (readonly [name: string, save: Save])[] = [
  ['by another folder that takes the place of its own', byAnotherFolder],
  ['in its folder, which is removed and made anew', byFolderMadeAnew],
];
