// Imports one CRL, to be killed meanwhile: store, CRL file, file of the CA's certificate (both DER).
import { readFileSync } from 'node:fs';
import { parseCertificate } from '../../src/identity/parse.ts';
import { importCrl } from '../../src/revocation/import-crl.ts';
import { openStore } from '../../src/store/open.ts';

const [path, list, authority, at] = process.argv.slice(2) as [string, string, string, string];
const now = Number(at);
const store = openStore({ path, mode: 'read_write', now });
const issuers = [parseCertificate(readFileSync(authority))];
await importCrl(store, {
  bytes: readFileSync(list),
  issuers,
  source: list,
  now,
  actor: 'operator',
  why: 'test',
});
