import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createRoot, issueLeaf } from '../../src/ca/index.ts';
import { temporaryFolder } from './temporary-store.ts';

/** Files of a CA, of a server and a client by it, and of a CA that nobody here is certified by. */
export interface TlsPki {
  readonly server: { readonly key: string; readonly cert: string };
  /** PEM of the CA, for servers. */
  readonly caPem: string;
  /** Paths. */
  readonly ca: string;
  readonly other: string;
  readonly client: { readonly certificate: string; readonly key: string };
}

export async function tlsPki(t: ExecutionContext): Promise<TlsPki> {
  const folder = temporaryFolder(t);
  const now = Date.now();
  const life = { notBefore: now - 3_600_000, notAfter: now + 3_600_000 };
  const ca = await createRoot({ subject: 'CN=Log Root', ...life });
  const other = await createRoot({ subject: 'CN=Other Root', ...life });
  const server = await issueLeaf(ca, {
    ...{ subject: 'CN=localhost', san: { dns: ['localhost'] }, eku: ['serverAuth'], ...life },
  });
  const client = await issueLeaf(ca, { subject: 'CN=pdp-1', eku: ['clientAuth'], ...life });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return {
    server: { key: server.privateKeyPem, cert: server.pem },
    caPem: ca.pem,
    ca: file('ca.pem', ca.pem),
    other: file('other.pem', other.pem),
    client: {
      certificate: file('client.pem', client.pem),
      key: file('client.key', client.privateKeyPem),
    },
  };
}
