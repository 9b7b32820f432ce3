/** The graph of a running gateway, from its operations listener. */

/** How long a gateway may take to answer. */
const TIMEOUT_MS = 10_000;

/** As large as an artifact that is read. */
const MAX_BYTES = 16 * 1024 * 1024;

const REFUSALS: Readonly<Record<number, string>> = {
  401: 'it wants to know who asks: set GATEWRIGHT_TOKEN',
  403: 'it does not let this caller see its status',
  404: 'its operations listener does not serve `status`, or it is older than this command',
};

/** Whether a spec is the address of a running gateway. */
export const isRunning = (spec: string): boolean => /^https?:\/\//.test(spec);

const bytesOf = async (response: Response): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error('its graph is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** The artifact that the gateway at `url` serves now. Rejects with what stands in the way. */
export const fetchRunning = async (url: string, token: string | undefined): Promise<Uint8Array> => {
  const address = new URL('/-/graph', url);
  try {
    const response = await fetch(address, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return await bytesOf(response);
    throw new Error(REFUSALS[response.status] ?? `it answers ${response.status}`);
  } catch (thrown) {
    const { message, cause } = thrown as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new Error(`no graph from ${address.origin}: ${reason}`, { cause: thrown });
  }
};
