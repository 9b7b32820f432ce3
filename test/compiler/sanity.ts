/** What must hold of every compile, whatever was fed in. */
import { expect } from 'vitest';
import type { CompileResult } from '../../compiler/compile.ts';
import { renderJson } from '../../compiler/diagnostics/render/json.ts';
import { renderPretty } from '../../compiler/diagnostics/render/pretty.ts';

/** Its findings are about the file, in words, and can be told in every form; with an error there is no graph. */
export const expectSane = (result: CompileResult, main: Uint8Array): void => {
  const { compiled, diagnostics } = result;
  const isFaulty = diagnostics.some(({ severity }) => severity === 'error');
  expect(compiled === undefined).toBe(isFaulty);
  const decoded = new TextDecoder().decode(main);
  for (const { span, message } of diagnostics) {
    expect(message).not.toMatch(/undefined|\[object|NaN/);
    expect(span.line).toBeGreaterThan(0);
    expect(span.column).toBeGreaterThan(0);
    expect(span.endOffset).toBeGreaterThanOrEqual(span.offset);
    if (span.file === 'gateway.yaml') expect(span.endOffset).toBeLessThanOrEqual(decoded.length + 1);
  }
  const pretty = renderPretty('gateway.yaml', diagnostics, { textOf: () => decoded, color: false });
  expect(pretty.endsWith('\n')).toBe(true);
  JSON.parse(renderJson('gateway.yaml', diagnostics, compiled?.hash));
};
