import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { outcomeClass } from '../../runtime/observe/outcome-class.ts';
import { metricsPage } from '../../scripts/docs/metrics-page.ts';
import { ROOT } from '../support/source-file.ts';

const operations = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const watching = operations.split('\n## ').find((section) => section.startsWith('Watching it'))!;
const METRICS = /gatewright_[a-z_]+/g;
/** As the exposition has them; a histogram is asked for by its count, too. */
const told = new Set(metricsPage().match(METRICS));

it('names only metrics that are told', () => {
  const named = operations.match(METRICS)!.map((name) => name.replace(/_count$/, ''));
  expect(named.filter((name) => !told.has(name))).toEqual([]);
});

it('names only outcomes that there are', () => {
  const classes = [
    'ok',
    'tool_error',
    'protocol_error',
    'denied',
    'limited',
    'upstream',
    'aborted',
    'gateway',
  ];
  const named = [...watching.matchAll(/outcome="([a-z_]+)"/g)].map(([, outcome]) => outcome!);
  const unknown = named.filter(
    (outcome) => !classes.includes(outcome) && outcome !== 'internal' && outcomeClass(outcome) === 'gateway',
  );
  expect(named.length).toBeGreaterThan(4);
  expect(unknown).toEqual([]);
});

it('says of each metric of a bad state what to look at, and leaves out only what tells how much there is', () => {
  const amounts = [
    /_info$/,
    /^gatewright_config_(?:reloads_total|reload_duration_seconds|.*timestamp_seconds|source_fetches_total)$/,
    /^gatewright_(?:requests_in_flight|request_duration_seconds|http_responses_total|tool_calls_total)$/,
    /^gatewright_(?:limit_held|limit_keys|upstream_requests_in_flight|handed_over_total)$/,
    /^gatewright_process_start_time_seconds$/,
  ];
  const watched = new Set(watching.match(METRICS)!.map((name) => name.replace(/_count$/, '')));
  const left = [...told].filter((name) => !watched.has(name) && !amounts.some((amount) => amount.test(name)));
  expect(left).toEqual([]);
});
