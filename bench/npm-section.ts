/** What docs/performance.md tells of gateways of npm: its last section. */
import { type NpmPart, npmBounds, npmTable, RATIO } from './npm-figures.ts';
import { SLOW_CONNECTIONS } from './rounds.ts';

const TITLE = '## Beside gateways of npm';

/** Parts may have been measured one by one. */
const methodOf = (parts: readonly NpmPart[]): string =>
  [
    ...new Set(
      parts.map(
        ({ date, machine, rounds, connections }) =>
          `- ${date}; ${machine}; ${rounds} rounds of a second, ${connections} connections`,
      ),
    ),
  ].join('\n');

const listed = (lines: readonly string[]): string => (lines.length === 0 ? '' : `\n${lines.join('\n')}\n`);

/** Nothing where nothing was measured. */
export const npmSection = (parts: readonly NpmPart[]): string =>
  parts.length === 0
    ? ''
    : `
${TITLE}

${methodOf(parts)}
- \`node scripts/bootstrap.mjs bench/npm-gateways.ts --write\`, or with \`--part <name>\` one kind of work at a time

One \`tools/call\` and its answer, of about 300 B each, over kept connections, each of which waits for its answer; in
sessions where the revision has them, one for each connection. Figures are CPU time of the gateway's own process: the
server behind it, over HTTP or a program over pipes, and the load have another core. All run with the same flags and are
driven before anything is counted.

- Ours does all that \`secure\` does: it checks a token, a policy and a rate, writes an access line and counts. The others
  do nothing of it: they identify, allow, limit and record nobody.
- The floor does nothing but pass messages on, by node:http in front and undici or lines to the program behind; it keeps
  ids as they are, which only works while callers' ids differ.
- mcp-proxy shares one program, as ours does. supergateway has one for each session, and in 2026-07-28 starts one for each
  call (and asks it for its tools before): it is called over ${SLOW_CONNECTIONS} connections there.
- mcp-hub speaks MCP over HTTP+SSE only: a call is accepted in one reply and answered in an event, which is two writes and
  two access lines for ours.

${npmTable(parts)}

Less than ${RATIO} times as much as ours is FAIL, whatever the floor is.
${listed(npmBounds(parts))}`;

/** The page with the section in the place of the one it has, or at its end. */
export const replaceNpmSection = (page: string, section: string): string => {
  const from = page.indexOf(`\n${TITLE}\n`);
  if (from === -1) return page + section;
  const next = page.indexOf('\n## ', from + 1);
  return page.slice(0, from) + section + (next === -1 ? '' : page.slice(next));
};
