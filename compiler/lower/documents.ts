/** Well-known documents as whole texts. */
import type { GatewayData } from '../configuration.ts';

type WellKnown = NonNullable<GatewayData['listeners'][string]['wellKnown']>;

/** Path to text: security.txt (RFC 9116) and robots.txt (RFC 9309). */
export const lowerDocuments = (wellKnown: WellKnown | undefined): Readonly<Record<string, string>> => {
  const documents: Record<string, string> = {};
  const { securityTxt, robotsTxt } = wellKnown ?? {};
  if (securityTxt) {
    documents['/.well-known/security.txt'] =
      `Contact: ${securityTxt.contact}\nExpires: ${securityTxt.expires}T23:59:59Z\n`;
  }
  if (robotsTxt)
    documents['/robots.txt'] = `User-agent: *\n${robotsTxt === 'deny' ? 'Disallow: /' : 'Allow: /'}\n`;
  return documents;
};
