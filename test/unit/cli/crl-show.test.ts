import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { issueCrl } from '../../../src/ca/index.ts';
import { integer } from '../../../src/ca/der.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { progressText } from '../../../src/cli/crl/progress.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const hour = 3_600_000;
const now = Date.now();

/** An installation with a CRL of some entries, from a000 on, in `big.crl`. */
async function withList(entries = 30) {
  const made = await makeInstallation();
  const revoked = Array.from({ length: entries }, (_, index) => ({
    serial: (0xa000 + index).toString(16),
    at: now - hour,
    ...(index === 0 && { reason: 'keyCompromise' }),
  }));
  const { der } = await issueCrl(made.issuer, {
    number: 7,
    thisUpdate: now - hour,
    nextUpdate: now + hour,
    revoked,
  });
  writeFileSync(made.path('big.crl'), der);
  return { ...made, der };
}

interface Shown {
  readonly crls: readonly {
    readonly entries: readonly { readonly serial: string; readonly reason: string }[];
  }[];
}

test('a file’s CRL is shown with its header and its first entries, and needs no configuration', async (t) => {
  const { folder: cwd, der } = await withList();
  const shown = await portreeve(['crl', 'show', 'big.crl', '--limit', '2', '--json'], { cwd });
  t.is(shown.code, 0, shown.stdout);
  t.like(onlyObject(shown), {
    crls: [
      {
        issuer_key: null,
        number: '07',
        base_number: null,
        digest: sha256Hex(der),
        bytes: der.byteLength,
        entries_total: 30,
        scope: null,
        entries: [
          { serial: 'a000', reason: 'keyCompromise' },
          { serial: 'a001', reason: 'unspecified' },
        ],
      },
    ],
  });
  const text = await portreeve(['crl', 'show', 'big.crl'], { cwd });
  t.regex(text.stdout, /entries +30\n/);
  t.is(text.stdout.match(/^a0/gm)?.length, 20, 'so many unless told otherwise');
});

test('one serial number is looked for however it is written, and its absence is answered with 1', async (t) => {
  const { folder: cwd } = await withList();
  for (const serial of ['A01D', '0xa01d', '00:A0:1D']) {
    const found = await portreeve(['crl', 'show', 'big.crl', '--serial', serial, '--limit', '0', '--json'], {
      cwd,
    });
    t.is(found.code, 0, serial);
    t.like(onlyObject(found), { listed: true, serial: 'a01d' });
    t.is((onlyObject(found) as unknown as Shown).crls[0]?.entries.length, 1);
  }
  const missing = await portreeve(['crl', 'show', 'big.crl', '--serial', 'a01e'], { cwd });
  t.is(missing.code, 1);
  t.regex(missing.stdout, /a01e is not listed/);
  t.is((await portreeve(['crl', 'show', 'big.crl', '--serial', 'xyz'], { cwd })).code, 2);
});

test('each CRL of a bundle is shown, and one that no import takes, too', async (t) => {
  const { folder: cwd, path, issuer, der } = await withList();
  const times = { thisUpdate: now - hour, nextUpdate: now + hour, revoked: [] };
  const extensions = [
    { oid: '2.5.29.27', critical: true, value: integer('05') },
    { oid: '1.2.3.4', critical: true, value: integer('01') },
  ];
  const { pem } = await issueCrl(issuer, { number: 8, ...times, extensions });
  const first = `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64')}\n-----END X509 CRL-----\n`;
  writeFileSync(path('bundle.pem'), first + pem);
  t.like(onlyObject(await portreeve(['crl', 'show', 'bundle.pem', '--json'], { cwd })), {
    crls: [
      { number: '07', entries_total: 30 },
      { number: '08', base_number: '05', unknown_critical: ['1.2.3.4'], entries_total: 0 },
    ],
  });
  writeFileSync(path('broken.crl'), der.subarray(0, 200));
  const broken = await portreeve(['crl', 'show', 'broken.crl', '--json'], { cwd });
  t.is(broken.code, 2);
  t.like(onlyObject(broken), { error: { code: 'PDP_CRL_INVALID' } });
});

test('what is in force of a CA is shown by its name or key', async (t) => {
  const { folder: cwd } = await withList();
  t.is((await portreeve(['crl', 'import', 'root.crl'], { cwd })).code, 0);
  const none = await portreeve(['crl', 'show', 'meters', '--json'], { cwd });
  t.like(onlyObject(none), { error: { code: 'PDP_NOT_FOUND' } });
  t.is((await portreeve(['crl', 'import', 'big.crl'], { cwd })).code, 0);
  const shown = onlyObject(await portreeve(['crl', 'show', 'meters', '--limit', '3', '--json'], { cwd }));
  t.like(shown, {
    crls: [
      {
        number: '07',
        entries_total: 30,
        entries: [{ serial: 'a000', reason: 'keyCompromise' }, { serial: 'a001' }, { serial: 'a002' }],
      },
    ],
  });
  const [{ issuer_key: key }] = (shown as unknown as { crls: [{ issuer_key: string }] }).crls;
  const byKey = await portreeve(['crl', 'show', key, '--serial', 'a01d', '--json'], { cwd });
  t.like(onlyObject(byKey), { listed: true });
  t.is((await portreeve(['crl', 'show', key, '--serial', 'b0'], { cwd })).code, 1);
  const unknown = await portreeve(['crl', 'show', 'nobody'], { cwd });
  t.regex(unknown.stderr, /neither a file nor a configured CA \(root, meters/);
});

test('a dry run tells what an import would change and changes nothing', async (t) => {
  const { folder: cwd, path } = await withList();
  t.is((await portreeve(['crl', 'import', 'root.crl'], { cwd })).code, 0);
  const dry = await portreeve(['crl', 'import', 'big.crl', '--dry-run', '--json'], { cwd });
  t.is(dry.code, 0);
  t.like(onlyObject(dry), {
    crls: [{ result: 'would_import', number: '07', added: 30, removed: 0, epoch: null }],
  });
  t.is((await portreeve(['crl', 'show', 'meters'], { cwd })).code, 1, 'none is in force');
  t.is(readdirSync(path('audit/log/kept')).length, 1, 'what is not in force is not kept');
});

test('a file above the configured size is refused', async (t) => {
  const { folder: cwd, path, config } = await withList(100);
  writeFileSync(path('small.yaml'), `${readFileSync(config, 'utf8')}\nrevocation: { max_crl_bytes: 1024 }\n`);
  const refused = await portreeve(['crl', 'import', 'big.crl', '--config', 'small.yaml', '--json'], { cwd });
  t.is(refused.code, 2);
  t.like(onlyObject(refused), { error: { code: 'PDP_LIMIT_EXCEEDED' } });
});

test('progress says phase, entries, bytes and share', (t) => {
  const progress = { phase: 'stage', bytes: 14_000_000, totalBytes: 40_000_000, entries: 350_000 } as const;
  t.is(progressText('m.crl', progress, 0), 'm.crl: importing 350,000 entries, 14.0 of 40.0 MB, 35 %');
  const checking = { phase: 'check', bytes: 2_000_000, totalBytes: null, entries: 0 } as const;
  t.is(progressText('m.crl', checking, 8_000_000), 'm.crl: checking 2.0 of 8.0 MB, 25 %');
});

test('a folder that is called like a CA does not stand before it', async (t) => {
  const { folder: cwd, path } = await withList();
  mkdirSync(path('meters'));
  t.is((await portreeve(['crl', 'import', 'big.crl'], { cwd })).code, 0);
  const shown = await portreeve(['crl', 'show', 'meters', '--json'], { cwd });
  t.is(shown.code, 0, shown.stdout);
  t.like(onlyObject(shown), { crls: [{ number: '07' }] });
});
