/** The manual of `gatewright plan`. */
import { PROJECT_OPTIONS } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const PLAN = {
  usage: '[[<old>] <new>]',
  summary: 'tell what another configuration changes, and what that does to live traffic',
  about: [
    'Compares what two configurations mean, never their text. Each side is a file, an artifact, `git:<revision>` or `git:<revision>:<path>`, or a running gateway by the URL of its operations listener. Without `<old>` it is the file as in `git:HEAD`; without both, gateway.yaml is compared with what is committed. Where a revision has not got the file or an overlay yet, all that it says is new.',
    'Told are: the nodes that are added, removed or changed, field by field with places; what each does to live traffic, as the runtime does it; what callers of each server gain and lose, by name for upstreams in `gateway.lock` and operations of an OpenAPI document, otherwise by pattern; and changes to look at twice. Values behind `${env:…}` and `${file:…}` are not read, and no secret is shown.',
    'Needs no network unless a running gateway is named, and writes nothing. A running gateway is asked with the bearer token in `GATEWRIGHT_TOKEN`, if there is one; its operations listener has to serve `status`.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    'old-overlay': {
      type: 'string',
      multiple: true,
      value: 'file',
      does: 'a file laid over the old configuration instead of those of `--overlay`',
    },
    running: {
      type: 'string',
      value: 'url',
      does: 'the old side is the gateway whose operations listener is at this URL, such as http://127.0.0.1:9090',
    },
    format: {
      type: 'string',
      default: 'text',
      words: ['text', 'json', 'markdown'],
      does: 'for a terminal, a program, or the comment of a pull request',
    },
    'exit-code': { type: 'boolean', default: false, does: 'exit with 2 if anything changes' },
    'fail-on-risk': {
      type: 'string',
      words: ['high', 'any'],
      does: 'exit with 1 if a change is risky; alone it means `any`',
    },
    'large-removal': {
      type: 'string',
      default: '30%',
      value: 'share',
      does: 'what share of the servers or upstreams may go without being a risk',
    },
  },
  exits: {
    0: 'the plan was made',
    1: 'a configuration has errors, or a risk that `--fail-on-risk` asks for',
    2: 'with `--exit-code`: there are changes; otherwise wrong usage',
  },
  examples: [
    { line: 'gatewright plan', does: 'what is not committed yet' },
    {
      line: 'gatewright plan git:origin/main gateway.yaml --format markdown --fail-on-risk high',
      does: 'the comment of a pull request',
    },
    { line: 'gatewright plan --running http://127.0.0.1:9090', does: 'what a reload would do now' },
  ],
} as const satisfies CommandManual;
