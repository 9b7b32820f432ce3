/** What docs/performance.md tells of gateways of npm: its last section. */
import { type NpmFigures, npmText } from './npm-figures.ts';
import { SLOW_CONNECTIONS } from './rounds.ts';

const TITLE = '## Beside gateways of npm';

export const npmSection = (figures: NpmFigures): string => `
${TITLE}

- ${figures.date}; ${figures.machine}
- \`node scripts/bootstrap.mjs bench/npm-gateways.ts --write\`: ${figures.rounds} rounds of 1.5 s, ${figures.connections} connections, in sessions where the revision has them

The same \`tools/call\`, before the same upstream over HTTP or the same program over pipes; the time of the gateway's own
process, not of the program behind it. Ours does all that \`secure\` does, the others nothing of it. A ratio is to ours
at the same work: same revision, same kind of upstream; ours of 2025-11-25 where the caller speaks an older one.
supergateway starts its program anew for each call of 2026-07-28 and is called over ${SLOW_CONNECTIONS} connections there. mcp-hub
speaks MCP as of 2024-11-05 only; its own REST interface, which is no MCP, is told beside it.

${npmText(figures)}
`;

/** The page with the section in the place of the one it has, or at its end. */
export const replaceNpmSection = (page: string, section: string): string => {
  const from = page.indexOf(`\n${TITLE}\n`);
  if (from === -1) return page + section;
  const next = page.indexOf('\n## ', from + 1);
  return page.slice(0, from) + section + (next === -1 ? '' : page.slice(next));
};
