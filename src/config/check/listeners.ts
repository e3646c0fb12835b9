import { isLocal, parseAddress } from '../formats.ts';
import type { Place } from '../place.ts';
import { namesOf, refuseDuplicates, refuseUnknown, type Report } from './report.ts';

/** `server`: who asks where, nothing in plaintext that others can reach, no address twice. */
export function checkListeners(root: Place, report: Report): void {
  const listeners = root.get('server', 'listeners').items();
  const admin = root.get('server', 'admin', 'address');
  refuseDuplicates(
    report,
    listeners.map((one) => one.get('name')),
    'listener',
  );
  const addresses = [
    ...listeners.map((one) => one.get('address')),
    admin,
    root.get('server', 'health', 'address'),
  ];
  refuseDuplicates(
    report,
    addresses.filter((one) => !takesAnyPort(one)),
    'address',
  );

  const peps = namesOf(root.get('peps').items());
  const cas = namesOf(root.get('trust', 'pep_cas').items());
  for (const listener of listeners) {
    if (listener.get('tls').present) checkTls(listener, cas, report);
    else checkPlaintext(listener, peps, report);
  }
  const where = parseAddress(admin.text ?? '');
  if (where && !isLocal(where)) {
    report.refuse(
      admin,
      'must be on loopback or a Unix socket; use server.health for probes and metrics from elsewhere',
    );
  }
}

function takesAnyPort(place: Place): boolean {
  const address = parseAddress(place.text ?? '');
  return address?.kind === 'tcp' && address.port === 0;
}

function checkTls(listener: Place, cas: ReadonlySet<string>, report: Report): void {
  refuseUnknown(report, listener.get('tls', 'client_cas').items(), cas, 'in trust.pep_cas');
  if (listener.get('pep').present) {
    report.refuse(
      listener.get('pep'),
      'a TLS listener knows its PEPs by certificate; give the PEP a match instead',
    );
  }
}

function checkPlaintext(listener: Place, peps: ReadonlySet<string>, report: Report): void {
  const pep = listener.get('pep');
  if (pep.present) refuseUnknown(report, [pep], peps, 'in peps');
  else report.refuse(listener, 'needs pep (who asks here) or tls (PEPs known by certificate)');

  const address = parseAddress(listener.get('address').text ?? '');
  if (address && !isLocal(address) && !listener.get('insecure').isTrue) {
    report.refuse(
      listener.get('address'),
      'plaintext off loopback and off Unix sockets is refused; give it tls, or say insecure: true',
    );
  }
}
