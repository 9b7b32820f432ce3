/**
 * `npm run build`: the command line and all it uses in one file, dist/gatewright.js, and the program of its threads;
 * with a folder, there instead of in dist/.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundledLicences } from './licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = resolve(root, process.argv[2] ?? 'dist');

/** CommonJS packages in the bundle call `require` for built-in modules; an ES module has none of its own. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { gatewright: 'cli/main.ts', thread: 'runtime/workers/thread.ts' },
  outdir,
  bundle: true,
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

for (const [file, { bytes }] of Object.entries(metafile.outputs))
  console.log(`${file}  ${(bytes / 1024).toFixed(0)} KiB`);
