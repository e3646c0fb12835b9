import { isLocal, parseAddress } from '../formats.ts';
import { addressOfWorker, parseWorkerAddresses } from '../worker-address.ts';
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
  const workers = workersOf(root);
  const own = listeners.map((one) => one.get('address'));
  for (const address of own) checkRoom(address, workers, report);
  refuseTwice(own, [admin, root.get('server', 'health', 'address')], workers, report);

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

/** As configured, or by default. */
function workersOf(root: Place): number {
  const { value } = root.get('server', 'workers');
  return Number.isInteger(value) ? (value as number) : 2;
}

/** Every worker must have an address of its own that can be listened on. */
function checkRoom(place: Place, workers: number, report: Report): void {
  const { text } = place;
  const addresses = text === undefined ? undefined : parseWorkerAddresses(text);
  if (text === undefined || addresses === undefined) return;
  if (addresses.room < workers)
    report.refuse(place, `has ${addresses.room} ports for ${workers} workers; each of them needs one`);
  else if (addressOfWorker(text, workers - 1) === undefined)
    report.refuse(place, `the socket path of worker ${workers - 1} is too long`);
}

/** Refuses each address of which a worker, or another part of the server, has some already; port 0 is any port. */
function refuseTwice(own: readonly Place[], others: readonly Place[], workers: number, report: Report): void {
  const seen = new Set<string>();
  const claim = (place: Place, texts: readonly string[]): void => {
    const taken = [...new Set(texts.filter((text) => !takesAnyPort(text)))];
    const twice = taken.find((text) => seen.has(text));
    if (twice !== undefined) report.refuse(place, `address ${JSON.stringify(twice)} is there twice`);
    for (const text of taken) seen.add(text);
  };
  for (const place of own) {
    const addresses = parseWorkerAddresses(place.text ?? '');
    claim(place, Array.from({ length: workers }, (_, worker) => addresses?.of(worker) ?? []).flat());
  }
  for (const place of others) claim(place, place.text === undefined ? [] : [place.text]);
}

function takesAnyPort(text: string): boolean {
  const address = parseAddress(text);
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

  const address = addressOfWorker(listener.get('address').text ?? '', 0);
  if (address && !isLocal(address) && !listener.get('insecure').isTrue) {
    report.refuse(
      listener.get('address'),
      'plaintext off loopback and off Unix sockets is refused; give it tls, or say insecure: true',
    );
  }
}
