const CREDENTIAL = /\b(Bearer|Basic|DPoP)[ +]+[A-Za-z0-9._~+/=-]{4,}/gi;
const API_KEY = /\bgw_([A-Za-z0-9-]+)_[A-Za-z0-9_-]{8,}/g;
const JSON_WEB_TOKEN = /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g;

/** Paths of fields that are never logged, wherever they come from. */
export const SECRET_FIELDS = ['authorization', 'cookie', 'set-cookie', 'proxy-authorization'].flatMap(
  (name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`],
);

/** Takes credentials out of a line, whatever message, error or field they got into. */
export const redactLine = (line: string): string =>
  line
    .replace(CREDENTIAL, '$1 [redacted]')
    .replace(API_KEY, 'gw_$1_[redacted]')
    .replace(JSON_WEB_TOKEN, '[redacted]');
