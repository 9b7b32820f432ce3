/** What stands where a reference to a secret is due: the path of its file, a variable's name, or the secret itself. */
import type { Report } from '../diagnostics/report.ts';
import type { SourceScalar } from '../source/tree.ts';

/** Nothing else that is random looks like this. */
const FILE =
  /^(?:\.{1,2}\/|~\/|\/(?:etc|run|var|opt|srv|home|usr|mnt|secrets|certs|tls)\/)[^\s${}]*$|^[\w./-]+\.(?:pem|crt|cer|key|p8|der|txt)$/;
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----/;

/** Reports the scalar of the field `what`. */
export const reportLiteralSecret = (scalar: SourceScalar, what: string, report: Report): void => {
  const { place, style } = scalar;
  const text = String(scalar.value).trim();
  const pem = PEM.exec(text)?.[1];
  if (pem !== undefined) {
    const kind = /CERTIFICATE/.test(pem) ? 'a certificate' : /PRIVATE/.test(pem) ? 'a private key' : 'a key';
    report('GW3091', place, { what, kind });
  } else if (FILE.test(text)) {
    const fixes = [{ place, text: `"\${file:${text}}"`, applicability: 'maybe' as const }];
    report('GW3090', place, { what, path: text }, style === 'block' ? {} : { fixes });
  } else {
    const name = /^\$([A-Z_][A-Z0-9_]*)$/.exec(text)?.[1];
    const meant = name === undefined ? undefined : `\${env:${name}}`;
    const fixes = meant === undefined ? [] : [{ place, text: `"${meant}"`, applicability: 'maybe' as const }];
    report('GW3032', place, { what, meant }, { fixes });
  }
};
