// The configuration document is open to change, hence not typed.

import { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  attestedKey,
  createRoot,
  generateKeys,
  issueLeaf,
  publicJwk,
  resultClaims,
  signToken,
} from '../../../../src/ca/index.ts';
import type { CryptoKeyPair } from '../../../../src/ca/index.ts';
import { privateKeyPem } from '../../../../src/ca/keys.ts';
import { keySources } from '../../../../src/server/sources/key-sources.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { httpSource, serves } from '../../../helpers/http-source.ts';
import type { HttpSource } from '../../../helpers/http-source.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { hour, makeWorld } from '../../../helpers/world.ts';
import type { World } from '../../../helpers/world.ts';
import { minute, startBench } from './bench.ts';
import type { Bench } from './bench.ts';

const now = Date.now();
const [first, second] = [await generateKeys('ec-p256'), await generateKeys('ec-p256')];
const root = await createRoot({ subject: 'CN=Web', notBefore: now - hour, notAfter: now + 100 * hour });
const web = await issueLeaf(root, {
  ...{ subject: 'CN=localhost', notBefore: now - hour, notAfter: now + 100 * hour },
  ...{ san: { dns: ['localhost'] }, eku: ['serverAuth'] },
});

const setOf = (...jwks: readonly object[]): string => JSON.stringify({ keys: jwks });

interface Fetching {
  readonly world: World;
  readonly bench: Bench;
  readonly site: HttpSource;
  /** Status of the attestation of a camera whose result this key signed just now, and its end in minutes. */
  readonly attested: (keys: CryptoKeyPair, kid: string) => Promise<string>;
}

async function fetching(t: ExecutionContext): Promise<Fetching> {
  const ca = join(temporaryFolder(t), 'web.pem');
  writeFileSync(ca, root.pem);
  const site = await httpSource(t, serves(setOf(publicJwk(first, 'k1'))), {
    key: privateKeyPem(web.keys),
    cert: web.pem,
  });
  const world = await makeWorld({
    now,
    configure: (document) => {
      document.attestation = {
        verifiers: [
          {
            name: 'lab',
            keys: { url: `${site.origin}/keys`, ca, overlap: '90m', interval: '1h' },
            algorithms: ['ES256'],
          },
        ],
      };
    },
  });
  t.teardown(world.close);
  const clock = fakeClock(now);
  const { store } = world.deps;
  const bench = await startBench(t, keySources(world.config, store), { store, clock });
  return {
    ...{ world, bench, site },
    attested: async (keys, kid) => {
      const { cameraLeaf: leaf } = world;
      const at = clock.now();
      const claims = resultClaims({
        ...{ dialect: 'ear', issuedAt: at - 1000, expiresAt: at + 12 * hour, developer: 'x', build: 'y' },
        submods: { a: { status: 'affirming', key: attestedKey(leaf.keys) } },
      });
      world.clock.advance(at - world.clock.now());
      const asked = world.connect({ shows: leaf, claims: { attestation: signToken(keys, claims, { kid }) } });
      const { facts, decision } = await world.decide(asked);
      const { status = '', findings = [], usable_until: until = null } = facts?.attestation ?? {};
      const end = until === null ? '' : ` ${Math.round((until - at) / minute)}m`;
      return [status + end, ...findings.map(({ code }) => code), decision.assurance].join(' ');
    },
  };
}

test('keys that a verifier publishes count once they are fetched, and are a change of state', async (t) => {
  const { attested, bench, world } = await fetching(t);
  t.is(await attested(first, 'k1'), 'failed attestation.verifier_untrusted device_proved');
  await bench.sources.look();
  t.is(await attested(first, 'k1'), 'verified 720m attested');
  const changes = world.deps.store.changesSince(0, 100).filter(({ kind }) => kind === 'attestation.keys');
  t.like(changes, [{ actor: 'server', selector: 'lab', detail: { keys: 1 } }]);
  t.regex(bench.log.join('\n'), /keys of verifier lab: 1, 1 new, 0 gone/);
});

test('after a rotation both keys count, the old one to the end of its overlap', async (t) => {
  const { attested, bench, site } = await fetching(t);
  await bench.sources.look();
  site.answer(serves(setOf(publicJwk(second, 'k2')), '"second"'));
  await bench.after(hour);
  t.is(await attested(second, 'k2'), 'verified 720m attested');
  t.is(await attested(first, 'k1'), 'verified 90m attested');
  await bench.after(90 * minute);
  t.is(await attested(first, 'k1'), 'failed attestation.verifier_untrusted device_proved');
  t.is(await attested(second, 'k2'), 'verified 720m attested');
});

test('outage, garbage and a published secret leave the last good keys in force, and are told', async (t) => {
  const { attested, bench, site } = await fetching(t);
  await bench.sources.look();
  const secret = signingJwk();
  for (const [answer, problem] of [
    [serves('<html>not found</html>', '"a"'), /cannot be read/],
    [serves(setOf(), '"b"'), /no public key/],
    [serves(setOf(publicJwk(second, 'k2'), secret), '"c"'), /private key/],
    [(_: unknown, response: { destroy: () => unknown }) => void response.destroy(), /./],
  ] as const) {
    site.answer(answer);
    await bench.after(hour);
    const [view] = bench.sources.views();
    t.regex(view?.error?.message ?? '', problem);
    t.is(await attested(first, 'k1'), 'verified 720m attested');
  }
  t.is(await attested(second, 'k2'), 'failed attestation.verifier_untrusted device_proved');
  t.true((bench.sources.views()[0]?.age_s ?? 0) >= 4 * 3600);
});

/** What a verifier must never publish. */
function signingJwk(): object {
  return KeyObject.from(second.privateKey).export({ format: 'jwk' });
}
