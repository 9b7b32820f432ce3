#!/usr/bin/env -S node --max-semi-space-size=32
// Plain JavaScript that an old Node can parse, so that a wrong version is told in one line.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const REQUIRED_MAJOR = 26;
const SERVING = new Set(['run', 'stdio']);

if (Number.parseInt(process.versions.node, 10) < REQUIRED_MAJOR) {
  console.error(`gatewright needs Node.js ${REQUIRED_MAJOR} or newer; this is ${process.version}.`);
  process.exit(2);
}

const bundle = new URL('../dist/gatewright.js', import.meta.url);
if (existsSync(bundle)) {
  // Beside the bundle and not in a folder for all: compiled code is to be trusted as much as the code itself. Only for
  // commands that serve: the others write nothing that they are not told to write.
  if (SERVING.has(process.argv[2]))
    module.enableCompileCache(fileURLToPath(new URL('../dist/.compile-cache', import.meta.url)));
  await import(bundle.href);
} else {
  await import(new URL('../cli/main.ts', import.meta.url).href);
}
