let line = '';

const forget = (): void => {
  line = '';
};

/** The Date field of this second (RFC 9110, 6.6.1), with its CRLF. */
export const dateLine = (): string => {
  if (line === '') {
    const nowMs = Date.now();
    line = `Date: ${new Date(nowMs).toUTCString()}\r\n`;
    setTimeout(forget, 1_000 - (nowMs % 1_000)).unref();
  }
  return line;
};
