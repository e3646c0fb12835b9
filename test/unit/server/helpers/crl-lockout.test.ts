import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { countAllActive } from '../../../../src/inventory/lockout-active.ts';
import { applyCrlFile } from '../../../../src/server/helpers/apply-crl-file.ts';
import type { Config } from '../../../../src/config/types.ts';
import type { Store } from '../../../../src/store/types.ts';
import { crlOf, fleet, minute, now, temporaryFolder, temporaryStore } from '../../../helpers/crl-fixtures.ts';
import { device, importRows } from '../../../helpers/inventory.ts';

const { root, ca } = await fleet();
const issuers = [root, ca].map(({ der }) => parseCertificate(der));
const serials = ['0a01', '0a02', '0a03', '0a04', '0a05'];

/** A device that was seen with a certificate of the CA. */
function see(store: Store, deviceId: string, serial: string, lastSeen = now): void {
  store
    .prepare(
      `INSERT INTO seen_certificates (tenant, device_id, fingerprint, key, issuer_key, serial, not_after, first_seen,
         last_seen, gateway, network) VALUES ('default', ?, ?, ?, ?, ?, 0, 0, ?, 'envoy', NULL)`,
    )
    .run(
      deviceId,
      Buffer.from(`${deviceId}${serial}`),
      Buffer.from(serial, 'hex'),
      Buffer.from(ca.keyDigest, 'hex'),
      serial,
      lastSeen,
    );
}

/** Five meters that were seen with a certificate each; the first one before with another. */
async function seenFleet(store: Store): Promise<void> {
  await importRows(store, [
    ...serials.map((serial) => device(`m-${serial}`, { site: 'lyon' })),
    device('m-off', { status: 'disabled' }),
  ]);
  for (const serial of serials) see(store, `m-${serial}`, serial);
  see(store, 'm-0a01', '0a99', now - minute);
  see(store, 'm-off', '0a98');
}

test('a CRL that revokes what many active devices were last seen with is in force, with an alarm', async (t) => {
  const store = temporaryStore(t);
  await seenFleet(store);
  const log: string[] = [];
  const path = join(temporaryFolder(t), 'list.crl');
  const limits = { max_lockout: '30%' };
  const config = () =>
    ({
      limits,
      revocation: { max_crl_bytes: 2 ** 20 },
      audit: { path: join(temporaryFolder(t), 'log') },
    }) as unknown as Config;
  let number = 0;
  const bring = async (...revoked: readonly string[]) => {
    number += 1;
    log.length = 0;
    const entries = revoked.map((serial) => ({ serial, at: now - minute }));
    writeFileSync(path, await crlOf(ca, { number, revoked: entries }));
    const world = { store, config, issuers: () => issuers, log: (line: string) => void log.push(line) };
    t.true((await applyCrlFile({ path, name: 'list.crl' }, world, { now, why: 'test' })).changed);
    const alarms = log.filter((line) => line.startsWith('ALARM'));
    return [store.changesSince(0, 100).at(-1)?.detail['kept_out'], alarms.length, alarms[0] ?? ''] as const;
  };

  t.deepEqual(await bring('0a99', '0a98', 'ffff'), [0, 0, ''], 'replaced, disabled and unknown ones');
  t.deepEqual(await bring('0a99', '0a98', 'ffff', '0a01'), [1, 0, ''], 'one device always may');
  const [keptOut, alarms, text] = await bring('0a99', '0a01', '0a02', '0a03');
  t.deepEqual([keptOut, alarms], [2, 1]);
  t.regex(text, /keeps out at least 2 of 5 active devices \(class meter 2; site lyon 2\)/);
  t.deepEqual(await bring('0a01', '0a02', '0a03'), [0, 0, ''], 'what was revoked before is nothing new');
});

test('a CRL that revokes a configured CA is an alarm, once, whoever was seen', async (t) => {
  const store = temporaryStore(t);
  const path = join(temporaryFolder(t), 'root.crl');
  const config = () =>
    ({
      limits: { max_lockout: '1%' },
      revocation: { max_crl_bytes: 2 ** 20 },
      audit: { path: join(temporaryFolder(t), 'log') },
    }) as unknown as Config;
  const bring = async (number: number) => {
    const log: string[] = [];
    writeFileSync(path, await crlOf(root, { number, revoked: [{ serial: ca.serial, at: now - minute }] }));
    const world = { store, config, issuers: () => issuers, log: (line: string) => void log.push(line) };
    await applyCrlFile({ path, name: 'root.crl' }, world, { now, why: 'test' });
    return log.filter((line) => line.startsWith('ALARM'));
  };
  const alarms = await bring(1);
  t.is(alarms.length, 1);
  t.regex(alarms[0] ?? '', /revokes the CA .*CN=Issuing/);
  t.is((store.changesSince(0, 10).at(-1)?.detail['revoked_cas'] as string[]).length, 1);
  t.deepEqual(await bring(2), []);
});

test('active devices of all tenants are counted over more than one piece', async (t) => {
  const store = temporaryStore(t);
  t.is(await countAllActive(store), 0);
  const many = Array.from({ length: 10_050 }, (_, index) => device(`m-${index}`));
  await importRows(store, [...many, device('off', { status: 'lost' })]);
  await importRows(store, [device('m-1')], { tenant: 'acme' });
  t.is(await countAllActive(store), 10_051);
});
