/** The manual of `gatewright explain`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import type { CommandManual } from './manual.ts';

export const EXPLAIN = {
  usage: PROJECT_USAGE,
  summary: 'tell which rules decide a request, and why',
  about: [
    'Decides one request by the code that decides live traffic, and prints each step in the order of a call: the rule with its place, whether it matched, and the values that made it so. Nothing is sent, counted or looked up: who the caller is, is taken from the claims or the key that you name, without a token.',
    'What upstreams offer is known by their OpenAPI documents and by gateway.lock. Without either, an upstream is taken to offer what the configuration lets through.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    server: {
      type: 'string',
      value: 'name',
      does: 'the server that is asked; not needed where there is one',
    },
    listener: {
      type: 'string',
      value: 'name',
      does: 'the listener it is reached by, where there are several',
    },
    call: { type: 'string', value: 'tool', does: 'a call of this tool' },
    prompt: { type: 'string', value: 'name', does: 'a request for this prompt' },
    read: { type: 'string', value: 'uri', does: 'a read of this resource' },
    list: {
      type: 'string',
      words: ['tools', 'prompts', 'resources', 'templates'],
      does: 'a list, with each item that it holds or hides',
    },
    arg: {
      type: 'string',
      multiple: true,
      value: 'name=value',
      does: 'an argument; the value is JSON, or else text',
    },
    args: { type: 'string', value: 'json', does: 'all arguments, as a JSON object' },
    as: {
      type: 'string',
      value: 'file',
      does: 'who calls: a YAML or JSON file with `identity` and `claims`, or `identity` and `key`; `anonymous`, or nothing, for nobody',
    },
    claims: { type: 'string', value: 'json', does: 'who calls: the claims of a token, as a JSON object' },
    key: { type: 'string', value: 'id', does: 'who calls: the id of an API key' },
    identity: {
      type: 'string',
      value: 'name',
      does: 'whose claims or key it is, where several are possible',
    },
    from: { type: 'string', value: 'address', does: 'the address of the peer (default: 127.0.0.1)' },
    header: { type: 'string', multiple: true, value: 'name: value', does: 'a header of the request' },
    at: { type: 'string', value: 'time', does: 'when, as 2026-11-20T09:00:00Z (default: now)' },
    era: { type: 'string', words: ['modern', 'legacy'], does: 'the era of the client' },
    request: {
      type: 'string',
      value: 'file',
      does: 'a JSON or YAML file with all of this, by the names of the options; options count before it',
    },
    event: {
      type: 'string',
      value: 'file',
      does: 'the last line that the access log has in this file, in place of all else; `-` is standard input',
    },
    format: { type: 'string', default: 'pretty', words: ['pretty', 'json'], does: 'how it is written' },
  },
  exits: { 0: 'explained, whatever the verdict', 1: 'the configuration has errors' },
  examples: [
    {
      line: `gatewright explain --server engineering --call gh_get_issue --arg id=1 --claims '{"sub":"alice","groups":["engineering"]}'`,
      does: 'why alice may, or may not, get an issue',
    },
    { line: 'gatewright explain --server engineering --list tools --as alice.yaml', does: 'what alice sees' },
    { line: 'gatewright explain --event gateway.log', does: 'why the last request ended as it did' },
  ],
} as const satisfies CommandManual;
