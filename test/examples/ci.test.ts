import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../support/source-file.ts';

const EXAMPLE = join(ROOT, 'examples/ci');

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly defaults: { readonly run: { readonly shell: string } };
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      { readonly permissions: Readonly<Record<string, string>>; readonly steps: readonly Step[] }
    >
  >;
}

const workflowText = readFileSync(join(EXAMPLE, '.github/workflows/gateway.yml'), 'utf8');
const workflow = parse(workflowText) as Workflow;
const { steps, permissions } = workflow.jobs.gateway!;

/** A repository that holds the example, with what `npm ci` would install. */
let folder = '';
/** Programs of the machine that CI runs on, which write down what they are told. */
let programs = '';

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const script = (path: string, text: string): void => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
};

const edit = (file: string, from: string, to: string): void => {
  const text = readFileSync(join(folder, file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(folder, file), text.replace(from, to));
};

const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatewright-ci-'));
  programs = mkdtempSync(join(tmpdir(), 'gatewright-ci-bin-'));
  cpSync(EXAMPLE, folder, { recursive: true });
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  script(join(bin, 'gatewright'), `exec "${process.execPath}" "${join(ROOT, 'cli/main.ts')}" "$@"`);
  symlinkSync(join(ROOT, 'node_modules/.bin/mcp-server-filesystem'), join(bin, 'mcp-server-filesystem'));
  script(join(programs, 'gh'), 'for argument; do printf "%s\\n" "$argument" >> "$TOLD"; done');
  script(join(programs, 'npm'), 'echo "npm $*" >> "$TOLD"');
  script(
    join(programs, 'npx'),
    '[ "$1 $2" = "--no --" ] || exit 97; shift 2; exec "./node_modules/.bin/$1" "${@:2}"',
  );
  writeFileSync(
    join(programs, 'npx'),
    readFileSync(join(programs, 'npx'), 'utf8').replace('/bin/sh', '/bin/bash'),
  );
  writeFileSync(
    join(folder, '.gitignore'),
    'node_modules\n*.sarif\ngateway-tests.xml\nplan.md\ntold\nsummary.md\n',
  );
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'the gateway', '--no-verify');
  git('tag', 'start');
});
afterAll(() => {
  for (const each of [folder, programs]) rmSync(each, { recursive: true, force: true });
});
beforeEach(() => {
  git('reset', '-q', '--hard', 'start');
  for (const file of ['told', 'summary.md']) rmSync(join(folder, file), { force: true });
});

/** What GitHub puts in the place of its expressions. */
const valueOfExpression = (expression: string): string => {
  const values: Readonly<Record<string, string>> = {
    'github.event.pull_request.base.sha': git('rev-parse', 'main').trim(),
    'github.token': 'token',
    'github.event.pull_request.html_url': 'https://github.example/acme/gateway/pull/1',
  };
  const value = values[expression];
  if (value === undefined) throw new Error(`nothing is known of ${expression}`);
  return value;
};

const environmentOf = ({ env = {} }: Step): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ *(.*?) *\}\}/g, (_, expression: string) => valueOfExpression(expression)),
    ]),
  );

interface Outcome {
  readonly code: number;
  readonly out: string;
}

/** A step as the runner does it: bash, which stops at the first failure. */
const runStep = (step: Step): Promise<Outcome> => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const env = {
    HOME: folder,
    PATH: [programs, process.env.PATH].join(delimiter),
    TOLD: join(folder, 'told'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
    ...workflow.env,
    ...environmentOf(step),
  };
  execFile(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run!],
    { cwd: folder, env },
    (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out: `${out}${err}` }),
  );
  return promise;
};

const stepNamed = (name: string): Step => {
  const step = steps.find((each) => each.name === name);
  if (step === undefined) throw new Error(`there is no step ${name}`);
  return step;
};

describe('the workflow of examples/ci', () => {
  it('may do no more than it needs, and runs for nobody else', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(permissions).toEqual({ contents: 'read', 'security-events': 'write', 'pull-requests': 'write' });
    expect(Object.keys(workflow.on)).toEqual(['pull_request', 'push', 'schedule']);
    expect(workflow.defaults.run.shell).toBe('bash');
  });

  it('puts nothing that others wrote into the text of a script, and takes actions of a version', () => {
    for (const { run = '', uses } of steps) {
      expect(run).not.toContain('${{');
      if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w/-]+@v\d+$/);
    }
  });

  it.each(steps.filter(({ run }) => run !== undefined).map((step) => [step.name!, step] as const))(
    'has a step that passes: %s',
    async (name, step) => {
      if (name === 'Comment the plan') await runStep(stepNamed('Plan'));
      expect(await runStep(step)).toMatchObject({ code: 0 });
    },
  );

  it('leaves findings, a test report and a plan where the other steps look for them', async () => {
    edit('gateway.yaml', 'read_text_file, list_directory', 'list_directory');
    for (const name of ['Write findings for code scanning', 'Test', 'Plan', 'Comment the plan'])
      await runStep(stepNamed(name));
    const uploads = steps.flatMap((step) =>
      Object.values((step as { with?: Record<string, unknown> }).with ?? {}),
    );
    for (const file of ['gateway.sarif', 'gateway-tests.xml']) expect(uploads).toContain(file);
    expect(JSON.parse(read('gateway.sarif'))).toMatchObject({ version: '2.1.0' });
    expect(read('gateway-tests.xml')).toContain('<testsuite');
    expect(read('plan.md')).toContain('read_text_file');
    expect(read('summary.md')).toBe(read('plan.md'));
    expect(read('told')).toContain('--body-file\nplan.md\n');
  });

  it('stops a change with a mistake, and says where it is', async () => {
    edit('gateway.yaml', 'upstream: files', 'upstream: fiels');
    const { code, out } = await runStep(stepNamed('Check'));
    expect(code).toBe(1);
    expect(out).toMatch(/^::error title=GW2003%3A Unknown upstream,file=gateway\.yaml,line=\d+,/m);
    expect((await runStep(stepNamed('Write findings for code scanning'))).code).toBe(0);
    expect(JSON.parse(read('gateway.sarif')).runs[0].results).toHaveLength(1);
  });

  it('stops a change that opens what the tests keep closed', async () => {
    edit('gateway.yaml', "!('editors' in principal.roles)", "!('staff' in principal.roles)");
    expect((await runStep(stepNamed('Check'))).code).toBe(0);
    expect((await runStep(stepNamed('Test'))).code).toBe(1);
    expect(read('gateway-tests.xml')).toContain('staff do not write');
  });

  it('stops when an upstream offers something else than was reviewed', async () => {
    edit('gateway.lock', 'Create a new directory', 'Make a new directory');
    expect((await runStep(stepNamed('Compare with the lock'))).code).toBe(1);
  });
});

const commit = (): Outcome => {
  try {
    return { code: 0, out: git('-c', 'core.hooksPath=hooks', 'commit', '-q', '-m', 'a change') };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, out: `${stdout}${stderr}` };
  }
};

describe('the hook of examples/ci', () => {
  it('lets a sound change pass', () => {
    edit('gateway.yaml', '# Notes that people', '# The notes that people');
    git('add', '.');
    expect(commit()).toMatchObject({ code: 0 });
  });

  it('stops a mistake before it is committed', () => {
    edit('gateway.yaml', 'upstream: files', 'upstream: fiels');
    git('add', '.');
    const { code, out } = commit();
    expect(code).toBe(1);
    expect(out).toContain('unknown upstream `fiels`');
  });

  it('stops a change that a test does not pass', () => {
    edit('gateway.yaml', "!('editors' in principal.roles)", "!('staff' in principal.roles)");
    git('add', '.');
    const { code, out } = commit();
    expect(code).toBe(1);
    expect(out).toContain('staff do not write');
  });

  it('judges what is staged, whatever else lies in the folder', () => {
    edit('gateway.yaml', 'upstream: files', 'upstream: fiels');
    git('add', '.');
    edit('gateway.yaml', 'upstream: fiels', 'upstream: files');
    expect(commit().code).toBe(1);
    git('reset', '-q', '--hard');
    edit('gateway.yaml', '# Notes that people', '# Some notes that people');
    git('add', '.');
    edit('gateway.yaml', 'upstream: files', 'upstream: fiels');
    expect(commit().code).toBe(0);
  });

  it('does not ask where nothing of the gateway is staged', () => {
    writeFileSync(join(folder, 'other.txt'), 'x');
    git('add', '.');
    const withoutProgram = join(folder, 'node_modules/.bin/gatewright');
    chmodSync(withoutProgram, 0o644);
    const { code } = commit();
    chmodSync(withoutProgram, 0o755);
    expect(code).toBe(0);
  });
});

describe('the pre-commit configuration of examples/ci', () => {
  const { repos } = parse(readFileSync(join(EXAMPLE, '.pre-commit-config.yaml'), 'utf8')) as {
    readonly repos: readonly {
      readonly hooks: readonly { readonly id: string; readonly entry: string; readonly files: string }[];
    }[];
  };
  const hooks = repos.flatMap((repo) => repo.hooks);

  it('asks for the files that a gateway is made of', () => {
    for (const { files } of hooks) {
      for (const file of ['gateway.yaml', 'conf/a.yml', 'gateway.lock', 'api.json'])
        expect(new RegExp(files).test(file)).toBe(true);
      expect(new RegExp(files).test('README.md')).toBe(false);
    }
  });

  it.each(hooks)('has a hook that passes, and stops a mistake: $id', async ({ entry }) => {
    expect(await runStep({ run: entry })).toMatchObject({ code: 0 });
    edit('gateway.yaml', 'upstream: files', 'upstream: fiels');
    expect((await runStep({ run: entry })).code).toBe(1);
  });
});
