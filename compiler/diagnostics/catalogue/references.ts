export const REFERENCES = {};
