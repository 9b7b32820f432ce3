/** `upstreams.*` of type `stdio`: an MCP server that is a child process. */
import { type Static, Type } from 'typebox';
import { closed, listOf, oneOf, optional, textsBy } from '../value.ts';
import { Breaker, Concurrency, Retry, Timeouts } from './traffic.ts';
import { Trust } from './trust.ts';
import { UpstreamLabels } from './upstream-labels.ts';

export const StdioUpstream = closed(
  {
    type: Type.Literal('stdio', { description: 'An MCP server that is a child process.' }),
    command: listOf(Type.String({ description: 'The program, then its arguments.' }), {
      description: 'The program and its arguments; no shell is involved.',
      minItems: 1,
      examples: [['mcp-server-filesystem', '/data']],
    }),
    env: optional(
      textsBy('^[A-Za-z_][A-Za-z0-9_]*$', {
        description: 'The environment of the child, whole: it inherits no variable.',
        examples: [{ LOG_LEVEL: 'warn' }],
      }),
    ),
    directory: optional(
      Type.String({
        description: 'The working directory, relative to the configuration file.',
        default: '.',
      }),
    ),
    isolation: optional(
      oneOf(['shared', 'per-principal', 'per-session'], {
        description:
          'Who shares a process: all callers, those of one principal, or nobody. A server that asks its callers ' +
          '(elicitation, sampling, roots) needs one of the latter two, because nothing tells whose call a question ' +
          'of a shared process belongs to: it is told that nobody can be asked. Of 2026-07-28 clients that can be ' +
          'asked, each principal has a process for each set of abilities, and calls are made one at a time there.',
        default: 'shared',
      }),
    ),
    timeouts: optional(Timeouts),
    retry: optional(Retry),
    breaker: optional(Breaker),
    concurrency: optional(Concurrency),
    labels: optional(UpstreamLabels),
    trust: optional(Trust),
  },
  {
    description:
      'An MCP server that is a child process. What is larger than 1 MiB in its results passes through an unlinked ' +
      'file in the temporary folder of the system (TMPDIR).',
  },
);

export type StdioUpstream = Static<typeof StdioUpstream>;
