import test from 'ava';
import {
  classOf,
  catalogue,
  catalogueDigest,
  catalogueText,
  denies,
  findingOf,
  isOurs,
  makeReason,
  sortReasons,
} from '../../../src/decision/reasons.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { reasonCodes } from '../../../src/lib/reason-code.ts';
import type { Finding } from '../../../src/lib/reason-code.ts';

test('the catalogue has exactly one entry for every code of the closed list', (t) => {
  t.deepEqual(Object.keys(catalogue).sort(), [...reasonCodes].sort());
});

test('every entry has one sentence, a remedy and controls of current editions', (t) => {
  for (const [code, entry] of Object.entries(catalogue)) {
    t.regex(entry.text, /^[A-Z][^\n]{10,140}\.$/, code);
    t.regex(entry.remediation, /\.$/, code);
    t.true(entry.control.length > 0, code);
    for (const control of entry.control) t.notRegex(control, /PR\.AC-|PE-3|NHI-\d|AI RMF/, code);
  }
});

test('no two codes are told in the same words', (t) => {
  const texts = Object.values(catalogue).map((entry) => entry.text);
  t.is(new Set(texts).size, texts.length);
});

test('what is ours denies, is retryable and tells the device to come back', (t) => {
  for (const [code, entry] of Object.entries(catalogue).filter(([, entry]) => entry.ours)) {
    t.is(entry.severity, 'deny', code);
    t.true(entry.retryable, code);
    t.is(entry.class, 'retry_later', code);
  }
});

test('faults, the deadline, overload and missing or stale state are ours; what the device or the PEP did is not', (t) => {
  const ours = reasonCodes.filter((code) => catalogue[code].ours);
  t.deepEqual(ours, [
    'revocation.crl_missing',
    'revocation.crl_stale',
    'revocation.shard_not_loaded',
    'revocation.ocsp_unavailable',
    'inventory.cache_stale',
    'policy.undefined',
    'policy.error',
    'policy.timeout',
    'policy.bundle_missing',
    'policy.bundle_signature_invalid',
    'policy.bundle_stale',
    'system.overload_shed',
    'system.internal',
    'system.clock_untrusted',
    'system.dependency_stale',
    'system.audit_unavailable',
  ]);
});

test('only these codes do not deny', (t) => {
  const mild = reasonCodes.filter((code) => catalogue[code].severity !== 'deny');
  t.deepEqual(mild, [
    'identity.credential_shared',
    'credential.renewal_overdue',
    'revocation.status_unknown',
    'revocation.stale_within_grace',
    'revocation.removed_from_hold',
    'inventory.stale_within_grace',
    'firmware.grace_expiring',
    'attestation.not_relied_upon',
    'policy.ok',
    'policy.stale_within_grace',
    'policy.shadow_would_deny',
    'system.clock_within_grace',
    'system.break_glass_used',
  ]);
});

test('the digest is that of the text that is kept', (t) => {
  t.is(catalogueDigest, sha256Hex(catalogueText));
  t.deepEqual(JSON.parse(catalogueText), catalogue);
});

test('a reason has the words of the catalogue and the detail of the finding', (t) => {
  t.deepEqual(makeReason({ code: 'credential.expired', detail: { days: 3 } }), {
    code: 'credential.expired',
    severity: 'deny',
    message: catalogue['credential.expired'].text,
    detail: { days: 3 },
  });
  t.false('detail' in makeReason({ code: 'credential.expired', detail: {} }));
});

test('reasons are told by severity, then in the order of the closed list, whatever order they came in', (t) => {
  const codes = [
    'policy.ok',
    'system.internal',
    'revocation.stale_within_grace',
    'network.source_not_allowed',
    'credential.expired',
    'identity.serial_mismatch',
  ] as const;
  const expected = [
    'identity.serial_mismatch',
    'credential.expired',
    'network.source_not_allowed',
    'system.internal',
    'revocation.stale_within_grace',
    'policy.ok',
  ];
  const reasons = codes.map((code) => makeReason({ code }));
  t.deepEqual(
    sortReasons(reasons).map((reason) => reason.code),
    expected,
  );
  t.deepEqual(
    sortReasons(reasons.toReversed()).map((reason) => reason.code),
    expected,
  );
});

test('the same code with the same detail is told once, with other details each time, bare only if nothing says more', (t) => {
  const found: Finding[] = [
    { code: 'revocation.crl_stale' },
    { code: 'revocation.crl_stale', detail: { certificate: 0, serial: 'aa' } },
    { code: 'revocation.crl_stale', detail: { serial: 'aa', certificate: 0 } },
    { code: 'revocation.crl_stale', detail: { certificate: 1 } },
    { code: 'policy.denied' },
    { code: 'policy.denied' },
  ];
  const told = sortReasons(found.map(makeReason));
  t.deepEqual(
    told.map(({ code, detail }) => [code, detail?.['certificate']]),
    [
      ['revocation.crl_stale', 0],
      ['revocation.crl_stale', 1],
      ['policy.denied', undefined],
    ],
  );
});

const own = (code: `custom.${string}`, severity: 'deny' | 'warn' | 'info', detail?: Finding['detail']) => ({
  code,
  declared: { class: 're_attest', remediation: 'Do it.', severity, text: `It is ${code}.` } as const,
  ...(detail && { detail }),
});

test("an author's own reason is told in the words that its bundle declares, and brings its remedy and class", (t) => {
  t.deepEqual(makeReason(own('custom.b', 'deny', { minute: 3 })), {
    class: 're_attest',
    code: 'custom.b',
    detail: { minute: 3 },
    message: 'It is custom.b.',
    remediation: 'Do it.',
    severity: 'deny',
  });
  t.is(classOf(makeReason(own('custom.b', 'deny'))), 're_attest');
  t.is(classOf({ code: 'custom.b' }), 'not_authorized');
  t.false(isOurs('custom.b'));
});

test("an author's own reason denies where its bundle declares so", (t) => {
  t.true(denies(own('custom.b', 'deny')));
  t.false(denies(own('custom.b', 'warn')));
  t.false(denies(own('custom.b', 'info')));
});

test("an author's own reasons come after network and before policy, by name; severity counts before that", (t) => {
  const told = [
    { code: 'policy.denied' } as const,
    own('custom.b', 'deny'),
    own('custom.c', 'warn'),
    own('custom.a', 'deny'),
    { code: 'network.source_not_allowed' } as const,
    own('custom.aa', 'deny'),
  ];
  t.deepEqual(
    sortReasons(told.map(makeReason)).map(({ code }) => code),
    ['network.source_not_allowed', 'custom.a', 'custom.aa', 'custom.b', 'policy.denied', 'custom.c'],
  );
});

test('what a told reason was made from makes the same reason again', (t) => {
  for (const finding of [
    own('custom.b', 'deny', { minute: 3 }),
    own('custom.b', 'info'),
    { code: 'credential.expired', detail: { age_s: 1 } } as const,
    { code: 'policy.ok' } as const,
  ])
    t.deepEqual(makeReason(findingOf(makeReason(finding))), makeReason(finding));
});
