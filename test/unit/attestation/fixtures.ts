import { createExaminer } from '../../../src/attestation/examine.ts';
import type { ExaminedToken } from '../../../src/attestation/examine.ts';
import { judgeAttestation } from '../../../src/attestation/judge.ts';
import type { AttestationCase } from '../../../src/attestation/judge.ts';
import { readKeySet } from '../../../src/attestation/keys/key-set.ts';
import { createKeyRing } from '../../../src/attestation/keys/key-ring.ts';
import type { KeyReader, KeptKey } from '../../../src/attestation/keys/key-reader.ts';
import { createAttestationUses } from '../../../src/attestation/replay-memory.ts';
import type { AttestationFact, AttestationRules, Verifier } from '../../../src/attestation/types.ts';
import { attestedKey, generateKeys, publicJwk, resultClaims, signToken } from '../../../src/ca/index.ts';
import type { CryptoKeyPair, ResultOptions } from '../../../src/ca/index.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';

export const now = Date.UTC(2026, 5, 1, 12);

/** Keys that every test of a file may use; made once. */
export const lab: CryptoKeyPair = await generateKeys('ec-p256');
export const other: CryptoKeyPair = await generateKeys('ec-p256');
export const device: CryptoKeyPair = await generateKeys('ec-p256');
export const deviceKey: string = sha256Hex(attestedKey(device));

export function setOf(...keys: readonly object[]): Uint8Array {
  return Buffer.from(JSON.stringify({ keys }));
}

export async function verifier(changes: Partial<Verifier> = {}): Promise<Verifier> {
  const { keys } = await readKeySet(setOf(publicJwk(lab, 'lab-1')));
  return {
    name: 'lab',
    source: 'lab.jwks',
    keys,
    algorithms: new Set(['ES256']),
    profiles: new Set(['tag:ietf.org,2026:rats/ear#04', 'tag:github.com,2023:veraison/ear']),
    issuer: undefined,
    developer: undefined,
    build: undefined,
    maxAge: 3_600_000,
    tolerance: 60_000,
    overlap: 3_600_000,
    blockedKeys: new Set(),
    classes: [],
    firmware: undefined,
    ...changes,
  };
}

export const rules: AttestationRules = {
  required: true,
  submods: [],
  tier: 'affirming',
  vector: {},
  max_age_s: null,
  challenge: false,
};

/** A result about the device's key, issued a minute ago for ten. */
export function claims(changes: Partial<ResultOptions> = {}): Record<string, unknown> {
  return resultClaims({
    dialect: 'ear',
    issuedAt: now - 60_000,
    expiresAt: now + 600_000,
    developer: 'https://verifier.example',
    build: '1.0',
    submods: {
      platform: { status: 'affirming', vector: { executables: 2 }, key: attestedKey(device) },
    },
    ...changes,
  });
}

/** A token of the lab. */
export function token(of: Record<string, unknown> | string = claims(), header: object = {}): string {
  return signToken(lab, of, { kid: 'lab-1', ...header });
}

/** A reader that knows these keys, whatever is asked for. */
export function readerOf(...kept: readonly KeptKey[]): KeyReader {
  return { keys: () => kept };
}

export async function examined(
  text: string,
  changes: Partial<Verifier> = {},
  reader: KeyReader = readerOf(),
): Promise<ExaminedToken> {
  const ring = createKeyRing([await verifier(changes)], reader);
  return createExaminer(ring).examine(text, now);
}

export interface Judged {
  readonly verifier?: Partial<Verifier>;
  readonly about?: Partial<Omit<AttestationCase, 'rules' | 'device'>>;
  readonly rules?: Partial<AttestationRules>;
  readonly device?: Partial<AttestationCase['device']>;
}

/** Judges a token by everything that is usual here but for what is said. */
export async function judged(text: string, changes: Judged = {}): Promise<AttestationFact> {
  const ring = createKeyRing([await verifier(changes.verifier)], readerOf());
  const at = changes.about?.now ?? now;
  const examinedToken = await createExaminer(ring).examine(text, at);
  return judgeAs(examinedToken, { ring, uses: createAttestationUses(), ...changes.about }, changes);
}

/** Judges what was examined; `about` says with which keys, uses and at what time. */
export function judgeAs(
  of: ExaminedToken,
  about: Partial<AttestationCase> & Pick<AttestationCase, 'ring' | 'uses'>,
  changes: Pick<Judged, 'rules' | 'device'> = {},
): AttestationFact {
  return judgeAttestation(of, {
    now,
    deviceClass: 'meter',
    challenge: undefined,
    ...about,
    rules: { ...rules, ...changes.rules },
    device: {
      key: 'default\0meter-1',
      provedKey: deviceKey,
      attestationKeys: [],
      ueid: undefined,
      othersWith: () => [],
      ...changes.device,
    },
  });
}

export function codes({ findings }: AttestationFact): readonly string[] {
  return findings.map(({ code }) => code);
}
