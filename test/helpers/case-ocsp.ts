import { parseCertificate } from '../../src/identity/parse.ts';
import { parseOcspResponse } from '../../src/revocation/ocsp/parse-response.ts';
import { saveAnswer } from '../../src/revocation/ocsp/table.ts';
import { verifyOcspResponse } from '../../src/revocation/ocsp/verify-response.ts';
import type { Store } from '../../src/store/types.ts';
import { authority, fleetTime, leaf, moment, wordsOf } from './case-certificates.ts';
import type { Case, DescribedOcsp, State } from './case-types.ts';
import { forgeAnswer } from './ocsp-forge.ts';

const hour = 3_600_000;

/** Keeps answers as the server does that has asked for them: verified at the time at which they were given. */
export async function addDescribedAnswers(store: Store, answers: NonNullable<State['ocsp']>): Promise<void> {
  for (const { issuer, serial, ...words } of answers) {
    const ca = parseCertificate((await authority(issuer)).der);
    const asked = moment(words.this_update, fleetTime - hour);
    const bytes = await response(issuer, serial, words);
    const { answer, problem } = verifyOcspResponse(parseOcspResponse(bytes), {
      issuer: ca,
      serial,
      now: asked,
    });
    if (!answer) throw new Error(problem);
    const saved = { issuerKey: ca.keyDigest, serial, answer, responder: 'http://ocsp.example/', now: asked };
    store.transact(() => saveAnswer(store, { ...saved, nextFetch: asked + hour }));
  }
}

/** The response that is stapled to the certificate that a case shows. */
export async function stapledOf({ certificate, connection }: Case): Promise<Uint8Array | undefined> {
  if (!connection.stapled || certificate === undefined) return undefined;
  const { serial } = parseCertificate((await leaf(certificate)).der);
  return response(wordsOf(certificate).issuer, serial, connection.stapled);
}

async function response(issuer: string, serial: string, words: DescribedOcsp): Promise<Uint8Array> {
  const { status, reason, signer, damage, next_update: next } = words;
  const bytes = forgeAnswer({
    issuer: await authority(issuer),
    ...(signer !== undefined && { signer: await authority(signer) }),
    singles: [
      {
        serial,
        status,
        thisUpdate: moment(words.this_update, fleetTime - hour),
        ...(next !== null && { nextUpdate: moment(next, fleetTime + 23 * hour) }),
        ...(words.revoked_at !== undefined && { revokedAt: moment(words.revoked_at, fleetTime) }),
        ...(reason !== undefined && { reason }),
      },
    ],
  });
  if (damage === 'truncated') return bytes.subarray(0, -5);
  if (damage === 'signature') bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  return bytes;
}
