import { expect, it } from 'vitest';
import { banner } from '../../cli/banner.ts';

const URL = 'http://127.0.0.1:8080/mcp';

const linesFor = (anonymous: boolean) => {
  const endpoints = [{ server: 'tools', url: URL, anonymous }];
  const lines = banner({ file: 'gateway.yaml', endpoints, opsUrl: undefined }).split('\n');
  const json = lines.find((line) => line.trim().startsWith('{'))!;
  return { shell: lines.find((line) => line.includes('claude mcp add'))!, json: JSON.parse(json) as unknown };
};

it('leaves the token to a variable in the line for a shell, and to be filled in where none is expanded', () => {
  const { shell, json } = linesFor(false);
  expect(shell).toContain('--header "Authorization: Bearer $TOKEN"');
  const headers = { Authorization: 'Bearer <token>' };
  expect(json).toEqual({ mcpServers: { tools: { type: 'http', url: URL, headers } } });
});

it('asks for no token where none is needed', () => {
  const { shell, json } = linesFor(true);
  expect(shell).not.toContain('Authorization');
  expect(json).toEqual({ mcpServers: { tools: { type: 'http', url: URL } } });
});
