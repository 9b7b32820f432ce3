/** Bodies of type multipart/form-data (RFC 7578). */
import { randomBytes } from 'node:crypto';
import { isObject } from '../message.ts';
import { exactText, isExact } from './exact-json.ts';
import { InvalidArgument } from './serialise.ts';

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** The bytes that a text stands for. */
export const bytesOf = (value: unknown): Buffer => {
  if (typeof value !== 'string' || !BASE64.test(value)) throw new InvalidArgument('it is not base64');
  return Buffer.from(value, 'base64');
};

/** A name within quotes (WHATWG HTML, multipart/form-data encoding algorithm). */
const quoted = (name: string): string =>
  `"${name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')}"`;

const part = (boundary: string, name: string, value: unknown, isBytes: boolean): Buffer => {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name=${quoted(name)}`;
  if (isBytes) {
    const start = Buffer.from(
      `${head}; filename=${quoted(name)}\r\nContent-Type: application/octet-stream\r\n\r\n`,
    );
    return Buffer.concat([start, bytesOf(value), Buffer.from('\r\n')]);
  }
  const isJson = typeof value === 'object' && value !== null && !isExact(value);
  const type = isJson ? '\r\nContent-Type: application/json' : '';
  return Buffer.from(`${head}${type}\r\n\r\n${typeof value === 'string' ? value : exactText(value)}\r\n`);
};

/** One part for each member, for a list one for each item; those of `base64Properties` are bytes. */
export const multipartBody = (
  value: unknown,
  base64Properties: readonly string[],
): { readonly contentType: string; readonly body: Buffer } => {
  if (!isObject(value) || isExact(value)) throw new InvalidArgument('it is not an object');
  // Nothing that a caller sends can hold what is drawn here.
  const boundary = `gatewright-${randomBytes(18).toString('hex')}`;
  const parts = Object.entries(value).flatMap(([name, member]) =>
    (Array.isArray(member) ? member : [member])
      .filter((item) => item !== undefined && item !== null)
      .map((item) => part(boundary, name, item, base64Properties.includes(name))),
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  };
};
