/** Tokens of an issuer of the bench's own, whose keys the gateway reads from jwks.json. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ISSUER = 'https://id.bench.example';
export const AUDIENCE = 'https://mcp.bench.example';
const KEY_ID = 'bench';

/** Writes jwks.json into `folder` and resolves to a token for each subject. */
export const issueTokens = async (
  folder: string,
  subjects: readonly string[],
): Promise<readonly string[]> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' };
  await writeFile(join(folder, 'jwks.json'), JSON.stringify({ keys: [key] }));
  return await Promise.all(
    subjects.map((subject) =>
      new SignJWT({ groups: ['engineering'], scope: 'mcp:read' })
        .setProtectedHeader({ alg: 'ES256', kid: KEY_ID, typ: 'at+jwt' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setJti(`bench-token-${subject}`)
        .setIssuedAt()
        .setExpirationTime('2h')
        .sign(privateKey),
    ),
  );
};
