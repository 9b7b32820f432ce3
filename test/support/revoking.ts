/** Revokes at an operations listener, as an operator does. */
import type { TestGateway } from './gateway.ts';
import { type RawAnswer, rawRequest } from './raw-request.ts';

export interface RevokeAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  readonly body: any;
}

const answered = ({ status, text }: RawAnswer): RevokeAnswer => ({ status, body: JSON.parse(text) });

/** Gives one order; text is sent as it is. */
export const revokeAt = async (
  { opsUrl }: Pick<TestGateway, 'opsUrl'>,
  order: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RevokeAnswer> => {
  const body = typeof order === 'string' ? order : JSON.stringify(order);
  const json = { 'content-type': 'application/json', ...headers };
  return answered(await rawRequest(`${opsUrl}/-/revoke`, { method: 'POST', headers: json, body }));
};

/** What is revoked there. */
export const revokedAt = async ({ opsUrl }: Pick<TestGateway, 'opsUrl'>): Promise<RevokeAnswer['body']> =>
  answered(await rawRequest(`${opsUrl}/-/revocations`)).body;
