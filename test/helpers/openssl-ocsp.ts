import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Authority } from '../../src/ca/index.ts';
import { start } from './processes.ts';
import { until } from './server.ts';
import { temporaryFolder } from './temporary-store.ts';

export interface OpensslResponder {
  readonly ca: Authority;
  readonly signer: Authority;
  /** Certificates of the CA by serial number, with the reason for which they are revoked; null = they are not. */
  readonly known: Readonly<Record<string, string | null>>;
  /** Further arguments of `openssl ocsp`. */
  readonly more?: readonly string[];
}

/** Starts a real `openssl ocsp` on a free port, ended after the test; answers its URL. */
export async function opensslResponder(t: ExecutionContext, o: OpensslResponder): Promise<string> {
  const folder = temporaryFolder(t);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const args = [
    ...['ocsp', '-port', '0', '-index', file('index.txt', index(o.known))],
    ...['-CA', file('ca.pem', o.ca.pem), '-rsigner', file('signer.pem', o.signer.pem)],
    ...['-rkey', file('signer.key', o.signer.privateKeyPem), ...(o.more ?? ['-nmin', '60'])],
  ];
  const running = start('openssl', args);
  t.teardown(() => running.stop('SIGKILL'));
  await until(() => /ACCEPT .*:(\d+)/.test(running.output()));
  return `http://127.0.0.1:${/ACCEPT .*:(\d+)/.exec(running.output())?.[1] ?? ''}/`;
}

/** The database of `openssl ca`: status, end, revocation, serial number, file, subject. */
function index(known: OpensslResponder['known']): string {
  return Object.entries(known)
    .map(([serial, reason]) => {
      const revoked = reason === null ? '' : `260101000000Z,${reason}`;
      const status = reason === null ? 'V' : 'R';
      return `${[status, '351231235959Z', revoked, serial.toUpperCase(), 'unknown', '/CN=device'].join('\t')}\n`;
    })
    .join('');
}
