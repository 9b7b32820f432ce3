/**
 * `npm run build`: the command line and all it uses, dist/gatewright.js, the programs of its threads, and what only some
 * need in files of their own, for what is not loaded takes no memory; with a folder, there instead of in dist/.
 */
import { glob, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundledLicences } from './licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = resolve(root, process.argv[2] ?? 'dist');

/** CommonJS packages in the bundle call `require` for built-in modules; an ES module has none of its own. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

// Names of parts change with their content: those of the build before are nobody's any more.
await mkdir(outdir, { recursive: true });
for await (const file of glob('*.js', { cwd: outdir })) await rm(join(outdir, file));

const { metafile } = await build({
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
  metafile: true,
  banner: { js: REQUIRE },
  logLevel: 'warning',
});
await writeFile(join(outdir, 'LICENSES.txt'), bundledLicences(root, Object.keys(metafile.inputs)));

const sizes = Object.values(metafile.outputs).map(({ bytes }) => bytes);
const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
console.log(`${relative(root, outdir)}: ${sizes.length} files, ${(total / 1024).toFixed(0)} KiB`);
