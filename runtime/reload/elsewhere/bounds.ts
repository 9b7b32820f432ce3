/** As large as an artifact that is read. */
export const MAX_ARTIFACT_BYTES = 16 * 1024 * 1024;

/** Far above what a signature takes. */
export const MAX_SIGNATURE_BYTES = 64 * 1024;
