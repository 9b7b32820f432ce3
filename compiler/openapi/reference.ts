/** `$ref` within one OpenAPI document (RFC 6901). Nothing is fetched, and no other file is read. */
import type { Report } from '../diagnostics/report.ts';
import { isJsonObject, type JsonObject, memberOf, type SpecDocument, type SpecPath } from './document.ts';

/** A value of the document and where it stands. */
export interface Located<T = unknown> {
  readonly value: T;
  readonly path: SpecPath;
}

/** The value at `path`; undefined if there is none. */
const valueAt = (root: unknown, path: SpecPath): unknown => {
  let value = root;
  for (const step of path)
    value = Array.isArray(value)
      ? /^\d+$/.test(step)
        ? value[Number(step)]
        : undefined
      : memberOf(value, step);
  return value;
};

const pathOf = (ref: string): SpecPath | undefined => {
  if (ref === '#') return [];
  if (!ref.startsWith('#/')) return undefined;
  try {
    const decoded = decodeURIComponent(ref.slice(2));
    return decoded.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch {
    return undefined;
  }
};

/** Follows references, and tells once of each that cannot be followed. */
export class References {
  readonly document: SpecDocument;
  readonly report: Report;
  readonly #told = new Set<string>();

  constructor(document: SpecDocument, report: Report) {
    this.document = document;
    this.report = report;
  }

  /** What the `$ref` of the object at `path` points to; undefined, with a finding, if that is nothing of this document. */
  target(ref: unknown, path: SpecPath): Located | undefined {
    if (typeof ref !== 'string') return this.#lost(path, String(ref), 'it is not a text');
    if (!ref.startsWith('#')) return this.#lost(path, ref, undefined);
    const target = pathOf(ref);
    if (target === undefined)
      return this.#lost(path, ref, 'only pointers such as `#/components/schemas/Name` are followed');
    const value = valueAt(this.document.root, target);
    return value === undefined ? this.#lost(path, ref, 'there is nothing') : { value, path: target };
  }

  /** The object that a chain of references ends in: a parameter, body, response or path, not a schema. */
  follow(found: Located): Located<JsonObject> | undefined {
    let { value, path } = found;
    const seen = new Set<string>();
    while (isJsonObject(value) && value.$ref !== undefined) {
      const key = path.join('/');
      if (seen.has(key)) {
        this.#lost(path, String(value.$ref), 'it leads back to itself');
        return undefined;
      }
      seen.add(key);
      const next = this.target(value.$ref, path);
      if (next === undefined) return undefined;
      ({ value, path } = next);
    }
    return isJsonObject(value) ? { value, path } : undefined;
  }

  /** Tells of something at `path`, once. */
  once(path: SpecPath, tell: (report: Report) => void): void {
    const key = path.join('\n');
    if (this.#told.has(key)) return;
    this.#told.add(key);
    tell(this.report);
  }

  #lost(path: SpecPath, ref: string, problem: string | undefined): undefined {
    const at = [...path, '$ref'];
    this.once(at, (report) => {
      const place = this.document.placeOf(at);
      if (problem === undefined) report('GW3075', place, { ref });
      else report('GW3076', place, { ref, problem });
    });
    return undefined;
  }
}
