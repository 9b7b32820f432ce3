/** Revokes a key at a running gateway, through its operations listener. */

/** How long a gateway may take to answer. */
const TIMEOUT_MS = 10_000;

const REFUSALS: Readonly<Record<number, string>> = {
  401: 'it wants to know who asks: set GATEWRIGHT_TOKEN',
  403: 'it does not let this caller revoke',
  404: 'its operations listener does not serve `revoke`, or it is older than this command',
};

interface Told {
  readonly holds?: 'here' | 'everywhere';
  readonly problem?: string;
}

/** An answer is JSON, if it is one of a gateway. */
const toldBy = async (response: Response): Promise<Told> => {
  const value: unknown = await response.json().catch(() => undefined);
  return typeof value === 'object' && value !== null ? (value as Told) : {};
};

/** Where the key is refused by now. Rejects with what stands in the way. */
export const revokeRunning = async (
  url: string,
  token: string | undefined,
  order: { readonly key: string; readonly identity?: string },
): Promise<'here' | 'everywhere'> => {
  if (!URL.canParse(url)) throw new Error(`\`${url}\` is no address of a gateway`);
  const address = new URL('/-/revoke', url);
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(order),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { holds, problem } = await toldBy(response);
    if (response.ok && holds !== undefined) return holds;
    throw new Error(problem ?? REFUSALS[response.status] ?? `it answers ${response.status}`);
  } catch (thrown) {
    const { message, cause } = thrown as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new Error(`not revoked at ${address.origin}: ${reason}`, { cause: thrown });
  }
};
