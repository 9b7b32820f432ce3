import { describe, expect, it } from 'vitest';
import { bytesOf, multipartBody } from '../../../../runtime/upstream/openapi/multipart.ts';
import { InvalidArgument } from '../../../../runtime/upstream/openapi/serialise.ts';

const parse = async (value: unknown, base64: readonly string[] = []): Promise<FormData> => {
  const { contentType, body } = multipartBody(value, base64);
  return new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
};

describe('a multipart body', () => {
  it('has a part for each member, and for each item of a list', async () => {
    const form = await parse({ note: 'hello', count: 3, tags: ['a', 'b'], none: null });
    expect([...form]).toEqual([
      ['note', 'hello'],
      ['count', '3'],
      ['tags', 'a'],
      ['tags', 'b'],
    ]);
  });

  it('has bytes as files, and objects as JSON', async () => {
    const bytes = Buffer.from([0, 1, 255, 13, 10]);
    const { contentType, body } = multipartBody({ file: bytes.toString('base64'), meta: { a: 1 } }, ['file']);
    expect(body.includes(bytes)).toBe(true);
    expect(String(body)).toContain('name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n');
    expect(contentType).toMatch(/^multipart\/form-data; boundary=gatewright-[0-9a-f]{36}$/);
    const file = (await parse({ file: bytes.toString('base64') }, ['file'])).get('file') as File;
    expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes);
  });

  it('cannot be broken out of', async () => {
    const name = 'a"\r\nContent-Type: evil\r\n\r\nb';
    const value = '\r\n--gatewright-\r\nContent-Disposition: form-data; name="admin"\r\n\r\nyes\r\n--';
    const form = await parse({ [name]: value, last: 'x' });
    expect([...form].map(([, text]) => text)).toEqual([value, 'x']);
  });

  it('is made of objects, and bytes of base64, alone', () => {
    expect(() => multipartBody('text', [])).toThrow(InvalidArgument);
    expect(() => bytesOf('not base64!')).toThrow(InvalidArgument);
    expect(() => bytesOf(7)).toThrow(InvalidArgument);
  });
});
