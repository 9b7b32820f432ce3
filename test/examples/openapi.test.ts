import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PEERS } from '../e2e/clients/peers.ts';
import { type HttpApi, reply, startHttpApi } from '../support/http-api.ts';
import { callTool } from '../support/modern-client.ts';
import { type RunningExample, startExample } from './start-example.ts';

const INVOICE = { number: 7, customer: 'acme', state: 'open', lines: [{ text: 'advice', cents: 12_000 }] };
const PICTURE = Buffer.from('89504e470d0a1a0a', 'hex');

let api: HttpApi;
let gateway: RunningExample;
let url: string;
beforeAll(async () => {
  api = await startHttpApi((seen, response, request) => {
    const { method, url: asked } = seen;
    if (asked.endsWith('/document'))
      reply(200, PICTURE, { 'content-type': 'image/png' })(seen, response, request);
    else if (asked === '/v1/invoices/7') reply(200, INVOICE)(seen, response, request);
    else if (method === 'POST')
      reply(201, { ...JSON.parse(String(seen.body)), number: 8 })(seen, response, request);
    else if (asked.startsWith('/v1/invoices?')) reply(200, { invoices: [INVOICE] })(seen, response, request);
    else reply(404, { problem: 'no such invoice' })(seen, response, request);
  });
  gateway = await startExample('examples/openapi', {
    env: { BILLING_KEY: 'key-of-the-test', BILLING_API: `${api.origin}/v1` },
  });
  url = gateway.url('/billing');
});
afterAll(async () => {
  await gateway?.close();
  await api.close();
});

describe('examples/openapi', () => {
  it.each(PEERS)('lets $name call the API by its tools', async ({ open }) => {
    await using peer = await open(url);
    expect(await peer.tools()).toEqual([
      'find_invoices',
      'createInvoice',
      'getInvoice',
      'getInvoiceDocument',
    ]);
    const page = await peer.call('find_invoices', { customer: 'acme', state: ['open', 'paid'], limit: 5 });
    expect(JSON.parse(page.text)).toEqual({ invoices: [INVOICE] });
    expect(api.seen.at(-1)).toMatchObject({
      method: 'GET',
      url: '/v1/invoices?customer=acme&state=open,paid&limit=5',
      headers: { 'x-api-key': 'key-of-the-test' },
    });
    const { customer, lines } = INVOICE;
    expect(JSON.parse((await peer.call('createInvoice', { body: { customer, lines } })).text).number).toBe(8);
    expect((await peer.call('getInvoice', { number: 7 })).text).toContain('advice');
    const missing = await peer.call('getInvoice', { number: 9 });
    expect(missing.text).toBe('HTTP 404 Not Found\n\n{"problem":"no such invoice"}');
  });

  it('deletes nothing, and knows nothing of what is not exposed', async () => {
    const asked = api.seen.length;
    for (const name of ['deleteInvoice', 'health', 'listInvoices'])
      expect((await callTool(url, name, { number: 7 })).body.error.message).toBe(`Unknown tool: ${name}`);
    expect(api.seen).toHaveLength(asked);
  });

  it('gives a picture as a picture', async () => {
    const { body } = await callTool(url, 'getInvoiceDocument', { number: 7 });
    expect(body.result.content).toEqual([
      { type: 'image', mimeType: 'image/png', data: PICTURE.toString('base64') },
    ]);
  });
});
