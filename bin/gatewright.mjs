#!/usr/bin/env -S node --max-semi-space-size=16
// Plain JavaScript that an old Node can parse, so that a wrong version is told in one line.
import { existsSync } from 'node:fs';
import module from 'node:module';

const REQUIRED_MAJOR = 26;

if (Number.parseInt(process.versions.node, 10) < REQUIRED_MAJOR) {
  console.error(`gatewright needs Node.js ${REQUIRED_MAJOR} or newer; this is ${process.version}.`);
  process.exit(2);
}

module.enableCompileCache();
const bundle = new URL('../dist/gatewright.js', import.meta.url);
const source = new URL('../cli/main.ts', import.meta.url);
await import((existsSync(bundle) ? bundle : source).href);
