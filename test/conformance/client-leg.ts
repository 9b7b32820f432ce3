/** The client scenarios of the official suite: the gateway's upstream side under test. */
import { fileURLToPath } from 'node:url';
import { isAuthorization } from './plan.ts';
import { furtherScenarios, requiredScenarios } from './suite.ts';

const DRIVER = `${process.execPath} ${fileURLToPath(import.meta.resolve('./client-driver.ts'))}`;

/** The command that the suite starts as a client of a revision, driven by a client of that era or of the other one. */
export const clientDriver = (revision: string, drivenBy: 'same' | 'other'): string => {
  const isModern = revision >= '2026-07-28';
  return `${DRIVER} --client ${isModern === (drivenBy === 'same') ? 'modern' : 'legacy'}`;
};

/** Every client scenario of a revision, required or not, but for those of authorization. */
export const clientScenarios = async (revision: string): Promise<readonly string[]> => {
  const listed = [
    ...(await requiredScenarios(revision, 'client')),
    ...(await furtherScenarios(revision, 'client')),
  ];
  return listed.filter((scenario) => !isAuthorization(scenario));
};
