/**
 * `npm run build`: the command line and all it uses, dist/gatewright.js, the programs of its threads, and what only some
 * need in files of their own, for what is not loaded takes no memory; with a folder, there instead of in dist/.
 */
import { glob, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { late } from './late.ts';
import { bundledLicences } from './licences.ts';
import { buildParts } from './parts.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = resolve(root, process.argv[2] ?? 'dist');

/**
 * CommonJS packages in the bundle call `require` for built-in modules; an ES module has none of its own. One that looks
 * for packages too would look for some that are not in the bundle, in each part by a long path.
 */
const REQUIRE = [
  'const require=(name)=>{',
  'const found=process.getBuiltinModule(name);',
  "if(found===undefined)throw Object.assign(new Error(`no built-in module ${name}`),{code:'MODULE_NOT_FOUND'});",
  'return found};',
].join('');

// Names of parts change with their content: those of the build before are nobody's any more.
await mkdir(outdir, { recursive: true });
for await (const file of glob('*.js', { cwd: outdir })) await rm(join(outdir, file));

const { metafile } = await buildParts({
  absWorkingDir: root,
  entryPoints: {
    gatewright: 'cli/main.ts',
    thread: 'runtime/workers/thread.ts',
    'compile-thread': 'runtime/reload/compile-thread.ts',
  },
  outdir,
  bundle: true,
  splitting: true,
  // All in one folder: code finds what lies beside dist/ by its own place.
  chunkNames: '[name]-[hash]',
  platform: 'node',
  target: 'node26',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  banner: { js: REQUIRE },
  logLevel: 'warning',
  plugins: [late],
});
await writeFile(join(outdir, 'LICENSES.txt'), bundledLicences(root, Object.keys(metafile.inputs)));

const sizes = Object.values(metafile.outputs).map(({ bytes }) => bytes);
const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
console.log(`${relative(root, outdir)}: ${sizes.length} files, ${(total / 1024).toFixed(0)} KiB`);
