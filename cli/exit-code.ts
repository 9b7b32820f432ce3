/** What commands end with. */

export const OK = 0;
/** Findings, or a failure of what was asked about. */
export const FINDINGS = 1;
export const USAGE_ERROR = 2;
/** A file, or a process that was asked, fails. */
export const IO_ERROR = 3;
