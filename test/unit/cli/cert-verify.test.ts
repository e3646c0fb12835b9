import test from 'ava';
import { writeFileSync } from 'node:fs';
import { makeChain } from './helpers/certificates.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const { path, leaf, root, folder, fingerprints } = await makeChain();
const at = ['--at', '2026-06-01T12:00:00Z'];
const trust = ['--anchors', path('root.pem'), '--intermediates', path('ca.pem')];
const verify = (...args: readonly string[]) => portreeve(['cert', 'verify', ...args], { cwd: folder });

test('a valid certificate is told with its path, and answered 0', async (t) => {
  const run = await verify(...trust, ...at, 'leaf.pem');
  t.is(run.code, 0, run.stderr);
  t.regex(run.stdout, /^valid {2}at 2026-06-01T12:00:00\.000Z\n/);
  t.regex(run.stdout, /0 {2}leaf .*CN=meter-1.*\n1 {2}CA .*CN=Meters.*\n2 {2}anchor .*CN=Root/);
});

test('a certificate that is not valid is answered 1, with every reason and its RFC section', async (t) => {
  const run = await verify(...trust, '--at', '2027-01-01T00:00:00Z', '--json', 'leaf.pem');
  t.is(run.code, 1, run.stderr);
  const {
    valid,
    reasons,
    path: tried,
  } = onlyObject(run) as {
    valid: boolean;
    reasons: { code: string; message: string }[];
    path: string[];
  };
  t.false(valid);
  t.deepEqual(
    reasons.map(({ code }) => code),
    ['credential.expired', 'chain.issuer_expired', 'chain.issuer_expired'],
  );
  for (const { message } of reasons) t.regex(message, /\[RFC 5280 section 6\.1\.3 \(a\)\(2\)\]$/);
  t.deepEqual(tried, fingerprints);
});

test('CRLs revoke, and are required where that is asked for; the leaf may follow them', async (t) => {
  const lists = ['--crl', 'root-crl.pem', 'ca-crl.pem'];
  const good = await verify(...trust, ...at, '--require-revocation', ...lists, 'leaf.pem');
  t.is(good.code, 0, good.stdout + good.stderr);
  const revoked = await verify(...trust, '--crl', 'revoking.pem', ...at, 'leaf.pem');
  t.is(revoked.code, 1);
  t.regex(revoked.stdout, /#0 {2}revocation\.revoked .*reason: keyCompromise.*RFC 5280 section 6\.3\.3/);
  t.is((await verify(...trust, ...at, '--require-revocation', 'leaf.pem')).code, 1);
});

test('purposes and depth are required where they are asked for', async (t) => {
  t.is((await verify(...trust, ...at, '--eku', 'clientAuth', 'leaf.pem')).code, 0);
  t.is((await verify(...trust, ...at, '--eku', 'serverAuth', 'leaf.pem')).code, 1);
  t.is((await verify(...trust, ...at, '--max-depth', '0', 'leaf.pem')).code, 1);
  t.is((await verify(...trust, ...at, '--strict', 'leaf.pem')).code, 0);
});

test('an instant just after the last one is too late', async (t) => {
  t.is((await verify(...trust, '--at', '2026-06-04T10:00:00Z', 'leaf.pem')).code, 0);
  const late = await verify(...trust, '--at', '2026-06-04T10:00:00.0001Z', 'leaf.pem');
  t.is(late.code, 1);
  t.regex(late.stdout, /credential\.expired/);
});

test('DER is read as PEM is', async (t) => {
  writeFileSync(path('leaf.der'), leaf.der);
  writeFileSync(path('root.der'), root.der);
  const run = await verify('--anchors', 'root.der', '--intermediates', 'ca.pem', ...at, 'leaf.der');
  t.is(run.code, 0, run.stdout + run.stderr);
});

test('a certificate that is broken is not valid: 1', async (t) => {
  writeFileSync(path('broken.der'), leaf.der.subarray(0, 100));
  const run = await verify(...trust, ...at, 'broken.der');
  t.is(run.code, 1);
  t.regex(run.stdout, /identity\.unparsable_certificate/);
});

test('what is missing or cannot be read is wrong usage: 2', async (t) => {
  for (const args of [
    [...trust, 'leaf.pem', 'ca.pem'],
    [...trust],
    ['leaf.pem'],
    [...trust, 'nowhere.pem'],
    ['--anchors', folder, 'leaf.pem'],
    ['--anchors', 'ca-crl.pem', 'leaf.pem'],
    [...trust, '--eku', 'client', 'leaf.pem'],
    [...trust, '--at', 'now', 'leaf.pem'],
  ]) {
    const run = await verify(...args, '--json');
    t.is(run.code, 2, args.join(' ') + run.stdout);
    t.truthy(onlyObject(run).error);
  }
});
