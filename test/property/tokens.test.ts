/*
 * Mutated tokens, claims and key sets through their readers: nothing but what is declared comes out, and no mutation
 * of a signed token is ever verified. FUZZ_INPUTS and FUZZ_SEED override count and seed of each.
 */
import test from 'ava';
import fc from 'fast-check';
import { createExaminer } from '../../src/attestation/examine.ts';
import { readEar } from '../../src/attestation/ear.ts';
import { createKeyRing } from '../../src/attestation/keys/key-ring.ts';
import { readKeySet } from '../../src/attestation/keys/key-set.ts';
import { readToken } from '../../src/attestation/token.ts';
import { attestedKey, generateKeys, publicJwk, resultClaims, signToken } from '../../src/ca/index.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { parseStrictJson } from '../../src/lib/strict-json.ts';
import { createRandom, mutate } from '../helpers/fuzz-inputs.ts';

const inputs = Number(process.env.FUZZ_INPUTS ?? 5000 * Number(process.env.SOAK_FACTOR ?? 1));
const seed = Number(process.env.FUZZ_SEED ?? 20261122);

const now = Date.UTC(2026, 5, 1, 12);
const keys = await generateKeys('ec-p256');
const corpus = (['ear', 'veraison'] as const).map((dialect) =>
  resultClaims({
    dialect,
    issuedAt: now,
    expiresAt: now + 60_000,
    developer: 'https://verifier.example',
    build: '1.0',
    nonce: Buffer.alloc(16, 3),
    submods: {
      platform: {
        status: 'affirming',
        vector: { executables: 2, hardware: 32 },
        policy: 'p',
        key: attestedKey(keys),
      },
      radio: { status: 'none', more: { cnf: { jwk: publicJwk(keys) }, 'ear.x': [1, 2.5, { deep: null }] } },
    },
  }),
);
const tokens = corpus.map((claims) => signToken(keys, claims, { kid: 'k' }));

test('mutated claims are a result or a problem, never an error', (t) => {
  const random = createRandom(seed);
  const outcomes = { ear: 0, problem: 0 };
  for (let at = 0; at < inputs; at++) {
    const source = Buffer.from(JSON.stringify(corpus[at % corpus.length]));
    const result = readEar(mutate(source, random));
    if ('ear' in result) outcomes.ear++;
    else outcomes.problem++;
  }
  t.true(outcomes.ear > 0 && outcomes.problem > 0, JSON.stringify(outcomes));
});

test('mutated tokens are taken apart or refused, never an error', (t) => {
  const random = createRandom(seed + 1);
  let parts = 0;
  for (let at = 0; at < inputs; at++) {
    const text = Buffer.from(mutate(Buffer.from(tokens[at % tokens.length] ?? ''), random)).toString(
      'latin1',
    );
    if (!('problem' in readToken(text))) parts++;
  }
  t.true(parts > 0);
});

test('no mutation of a signed token is verified', async (t) => {
  const random = createRandom(seed + 2);
  const set = await readKeySet(Buffer.from(JSON.stringify({ keys: [publicJwk(keys, 'k')] })));
  const verifier = {
    ...{
      name: 'lab',
      source: 'lab',
      keys: set.keys,
      algorithms: new Set(['ES256'] as const),
      profiles: new Set<string>(),
    },
    ...{ issuer: undefined, developer: undefined, build: undefined, firmware: undefined, classes: [] },
    ...{ maxAge: 1, tolerance: 0, overlap: 0, blockedKeys: new Set<string>() },
  };
  const examiner = createExaminer(createKeyRing([verifier], { keys: () => [] }));
  for (let at = 0; at < inputs / 5; at++) {
    const source = tokens[at % tokens.length] ?? '';
    const text = Buffer.from(mutate(Buffer.from(source), random)).toString('latin1');
    if (text === source) continue;
    const found = await examiner.examine(text, now);
    if (!('refused' in found)) t.fail(`input ${at} of seed ${seed} was verified: ${text}`);
  }
  for (const source of tokens) t.true('ear' in (await examiner.examine(source, now)));
});

test('mutated key sets are keys or a refusal of our own', async (t) => {
  const random = createRandom(seed + 3);
  const source = Buffer.from(
    JSON.stringify({ keys: [publicJwk(keys, 'a'), publicJwk(await generateKeys('ed25519'), 'b')] }),
  );
  let taken = 0;
  for (let at = 0; at < inputs / 5; at++) {
    try {
      await readKeySet(mutate(source, random));
      taken++;
    } catch (thrown) {
      if (!(thrown instanceof PortreeveError)) t.fail(`input ${at} of seed ${seed}: ${String(thrown)}`);
    }
  }
  t.true(taken > 0);
});

test('strict JSON reads what the platform writes, and agrees with it on all that it takes', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      if (!/\d[.eE]/.test(text) && text.isWellFormed() && !/\\ud[89a-f]/i.test(text)) {
        const read = JSON.stringify(parseStrictJson(text, { depth: 10, values: 100_000 }));
        t.deepEqual(JSON.parse(read), JSON.parse(text));
      }
    }),
    { seed },
  );
});
