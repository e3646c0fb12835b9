/**
 * An operator in a process of its own, who does one act after another on a store as the commands do it, and tells when
 * each began and when it had committed. Argument: the folder of a fleet. Forked; see `Act` and `Done`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseCertificate } from '../../src/identity/parse.ts';
import { setStatus } from '../../src/inventory/edit.ts';
import { addHold } from '../../src/revocation/holds/edit.ts';
import { importCrlFile } from '../../src/server/helpers/import-crl-file.ts';
import { openStore } from '../../src/store/open.ts';
import { monotonicMs } from './figures.ts';

export type Act =
  | { readonly is: 'set_status'; readonly device: string }
  | { readonly is: 'hold'; readonly device: string }
  | { readonly is: 'crl'; readonly file: string };

/** On the machine's monotonic clock, which all processes share; ms. */
export interface Done {
  readonly begun: number;
  readonly committed: number;
}

const folder = process.argv[2] as string;
const tenant = 'default';

const store = openStore({ path: join(folder, 'state.db'), mode: 'read_write', now: Date.now() });
const issuers = readdirSync(folder)
  .filter((name) => name.endsWith('.pem'))
  .map((name) => parseCertificate(derOf(readFileSync(join(folder, name), 'utf8'))));
const perform = async (act: Act): Promise<void> => {
  const [now, why] = [Date.now(), 'bench'];
  if (act.is === 'set_status') {
    setStatus(store, { tenant, deviceId: act.device, status: 'quarantined', actor: 'bench', why, now });
  }
  if (act.is === 'hold') {
    addHold(store, { tenant, kind: 'device', value: act.device, until: null, who: 'bench', why, now });
  }
  if (act.is === 'crl') {
    const job = { path: act.file, name: act.file, maxBytes: 2 ** 30, keptFolder: null, dryRun: false };
    const [outcome] = await importCrlFile(store, { ...job, actor: 'bench', why, now }, issuers);
    if (!outcome || 'error' in outcome) throw new Error(outcome?.error.message ?? 'no CRL');
  }
};
process.on('message', (act: Act) => {
  const begun = monotonicMs();
  void perform(act).then(() => process.send?.({ begun, committed: monotonicMs() } satisfies Done));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}
