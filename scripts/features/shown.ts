/** Which features the titles of tests claim to show. */

/** A claim: `[RATE-01] …` for all of a feature, `[RATE-01/replicas] …` for a part of it. */
export interface Claim {
  readonly id: string;
  /** Empty: the whole feature. */
  readonly part: string;
  /** Of the test, below the repository. */
  readonly file: string;
}

/** A call of a test function up to its title, which begins with one or more ids. */
const TITLE =
  /\b(?:it|test|describe)((?:\.\w+)*)(?:\((?:[^()]|\([^()]*\))*\))?\(\s*['"`]((?:\[[A-Z]+-\d+(?:\/[^\]]+)?\]\s*)+)/g;
const ID = /\[([A-Z]+-\d+)(?:\/([^\]]+))?\]/g;

/** The claims of a test file. Tests that are not run claim nothing. */
export const claimsOf = (file: string, text: string): readonly Claim[] =>
  [...text.matchAll(TITLE)]
    .filter(([, modifiers]) => !/\.(skip|todo)\b/.test(modifiers!))
    .flatMap(([, , ids]) =>
      [...ids!.matchAll(ID)].map(([, id, part]) => ({ id: id!, part: part ?? '', file })),
    );
