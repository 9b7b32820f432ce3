import { defineConfig } from 'vitest/config';

/** Measured on the clock, so that nothing may run beside it: run only where it is asked for by its name. */
const ALONE = ['test/bench/reload.test.ts'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/services/**', 'node_modules/**', ...ALONE.filter((file) => !process.argv.includes(file))],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    pool: 'forks',
    maxWorkers: 2,
  },
});
