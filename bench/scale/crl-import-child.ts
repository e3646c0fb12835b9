/** Imports one CRL file into a store: store, CRL, CA certificate (DER). Prints how its memory grew meanwhile, in MB. */
import { readFileSync } from 'node:fs';
import { parseCertificate } from '../../src/identity/parse.ts';
import { importCrlFile } from '../../src/server/helpers/import-crl-file.ts';
import { openStore } from '../../src/store/open.ts';

const [storePath, path, issuer] = process.argv.slice(2) as [string, string, string];
const now = Date.now();
const store = openStore({ path: storePath, mode: 'read_write', now });
const before = process.memoryUsage.rss();
let most = before;
const job = {
  path,
  name: path,
  maxBytes: 2 ** 30,
  now,
  actor: 'bench',
  why: 'bench',
  keptFolder: null,
  dryRun: false,
};
const [outcome] = await importCrlFile(store, job, [parseCertificate(readFileSync(issuer))], () => {
  most = Math.max(most, process.memoryUsage.rss());
});
store.close();
if (!outcome || 'error' in outcome) throw new Error(outcome?.error.message ?? 'no CRL');
const grown = Math.round((most - before) / 1e6);
process.stdout.write(`${JSON.stringify({ grown_mb: grown, entries: outcome.done.crl.entries })}\n`);
