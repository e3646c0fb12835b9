import test from 'ava';
import type { Authority } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { validateCertificate, type ValidationRequest } from '../../../src/identity/validate.ts';
import { ca, leaf, lives, now, root, selfSigned } from './fleet.ts';
import {
  dns,
  email,
  inhibitAnyPolicy,
  ip,
  nameConstraints,
  organisations,
  other,
  policies,
  policyConstraints,
  policyMappings,
  subjectAltName,
  uri,
} from './forge.ts';

type Rules = Partial<Omit<ValidationRequest, 'leaf' | 'anchors' | 'intermediates'>>;

/** Validates the first certificate with the last as anchor and all between sent along. */
function validate(path: readonly Authority[], rules: Rules = {}) {
  const [first, ...others] = path.map((one) => parseCertificate(one.der));
  const anchor = others.pop();
  if (first === undefined || anchor === undefined) throw new Error('a path has an end and a start');
  return validateCertificate({ leaf: first, intermediates: others, anchors: [anchor], at: now, ...rules });
}

function reasons(path: readonly Authority[], rules: Rules = {}): string[] {
  return validate(path, rules).reasons.map(({ code, certificate }) => `${code}@${certificate}`);
}

const violation = 'chain.name_constraint_violation';
const unsatisfied = 'chain.policy_unsatisfied';
const anchor = root();

/** A leaf with these names under a CA with these constraints. */
async function constrained(
  constraints: Parameters<typeof nameConstraints>[0],
  names: Parameters<typeof subjectAltName>[0],
  subject = 'CN=meter-1',
): Promise<Authority[]> {
  const issuer = await ca(await anchor, { extensions: [nameConstraints(constraints)] });
  const extensions = names.length === 0 ? [] : [subjectAltName(names)];
  return [await leaf(issuer, { subject, extensions }), issuer, await anchor];
}

test('the path that holds is told, leaf first and anchor last', async (t) => {
  const issuer = await ca(await anchor);
  const path = [await leaf(issuer), issuer, await anchor];
  const result = validate(path);
  t.deepEqual(
    result.path.map((one) => one.fingerprint),
    path.map((one) => one.fingerprint),
  );
  t.like(result, { valid: true, reasons: [], lint: [] });
});

const named: readonly [string, Parameters<typeof constrained>, boolean][] = [
  ['a DNS name that is permitted', [{ permitted: [dns('a.example')] }, [dns('x.a.example')]], true],
  ['a DNS name that is not', [{ permitted: [dns('a.example')] }, [dns('b.example')]], false],
  ['one name of two that is not', [{ permitted: [dns('a.example')] }, [dns('a.example'), dns('b')]], false],
  ['an excluded DNS name', [{ excluded: [dns('a.example')] }, [dns('x.a.example')]], false],
  [
    'a name both permitted and excluded',
    [{ permitted: [dns('example')], excluded: [dns('a.example')] }, [dns('a.example')]],
    false,
  ],
  ['names of a form that is not constrained', [{ permitted: [dns('a.example')] }, [uri('urn:dev:1')]], true],
  [
    'a URI without a host under constraints of URIs',
    [{ excluded: [uri('a.example')] }, [uri('urn:x')]],
    false,
  ],
  [
    'an address in a permitted network',
    [{ permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] }, [ip(10, 1, 1, 1)]],
    true,
  ],
  [
    'an address in an excluded network',
    [{ excluded: [ip(10, 0, 0, 0, 255, 0, 0, 0)] }, [ip(10, 1, 1, 1)]],
    false,
  ],
  ['a mailbox that is permitted', [{ permitted: [email('a.example')] }, [email('x@a.example')]], true],
  ['a mailbox that is not', [{ permitted: [email('a.example')] }, [email('x@b.example')]], false],
  [
    'the e-mail address in a subject',
    [{ permitted: [email('a.example')] }, [], 'CN=meter-1,E=x@b.example'],
    false,
  ],
  ['a subject within', [{ permitted: [organisations('Fleet')] }, [], 'O=fleet,CN=meter-1'], true],
  ['a subject outside', [{ permitted: [organisations('Fleet')] }, [], 'O=Other,CN=meter-1'], false],
  ['an empty subject', [{ permitted: [organisations('Fleet')] }, [dns('a')], ''], true],
  [
    'a directory name outside',
    [{ excluded: [organisations('Fleet')] }, [organisations('Fleet', 'A')]],
    false,
  ],
  ['a name of a form that cannot be compared', [{ excluded: [other()] }, [other()]], false],
  ['a constraint that cannot be compared and no such name', [{ excluded: [other()] }, [dns('a')]], true],
];

for (const [what, [constraints, names, subject], accepted] of named) {
  test(`name constraints ${accepted ? 'accept' : 'refuse'} ${what}`, async (t) => {
    const path = await constrained(constraints, names, subject);
    t.deepEqual(reasons(path), accepted ? [] : [`${violation}@0`]);
  });
}

test('name constraints narrow from CA to CA and are never widened', async (t) => {
  const wide = await ca(await anchor, {
    subject: 'CN=A',
    extensions: [nameConstraints({ permitted: [dns('a.example')] })],
  });
  const wider = await ca(wide, {
    subject: 'CN=B',
    extensions: [nameConstraints({ permitted: [dns('example')] })],
  });
  const under = async (name: string) => [
    await leaf(wider, { extensions: [subjectAltName([dns(name)])] }),
    wider,
    wide,
    await anchor,
  ];
  t.deepEqual(reasons(await under('x.a.example')), []);
  t.deepEqual(reasons(await under('x.b.example')), [`${violation}@0`]);
});

test('a certificate that signed itself and is an anchor, byte for byte, is valid in itself', async (t) => {
  const press = await selfSigned();
  const alone = (one: Authority, rules: Rules = {}, ...anchors: readonly Authority[]) =>
    validateCertificate({
      leaf: parseCertificate(one.der),
      intermediates: [],
      anchors: anchors.map(({ der }) => parseCertificate(der)),
      at: now,
      ...rules,
    });
  const result = alone(press, { strict: true, maxDepth: 0 }, await anchor, press);
  t.like(result, { valid: true, reasons: [], lint: [] });
  t.deepEqual(
    result.path.map(({ fingerprint }) => fingerprint),
    [press.fingerprint],
  );
  t.true(alone(await anchor, {}, await anchor).valid);
  const codesOf = (...asked: Parameters<typeof alone>) => alone(...asked).reasons.map(({ code }) => code);
  t.deepEqual(codesOf(press, { at: lives.leaf.notAfter + 1 }, press), ['credential.expired']);
  t.deepEqual(codesOf(press, { eku: ['1.3.6.1.5.5.7.3.1'] }, press), ['credential.eku_missing_client_auth']);
  t.deepEqual(codesOf(press, explicit, press), ['chain.policy_unsatisfied']);
  const twin = await selfSigned({ keyPair: press.keys });
  t.deepEqual(codesOf(twin, {}, press), ['chain.untrusted_anchor']);
  const below = await leaf(await anchor);
  t.deepEqual(codesOf(below, {}, below), ['chain.incomplete']);
});

test('a CA that issued to itself is not held to name constraints, a leaf that did is', async (t) => {
  const issuer = await ca(await anchor, {
    subject: 'CN=Issuing',
    extensions: [nameConstraints({ permitted: [organisations('Fleet')] })],
  });
  const renewed = await ca(issuer, { subject: 'CN=Issuing' });
  const device = await leaf(renewed, { subject: 'O=Fleet,CN=meter-1' });
  t.deepEqual(reasons([device, renewed, issuer, await anchor]), []);
  const self = await leaf(issuer, { subject: 'CN=Issuing' });
  t.deepEqual(reasons([self, issuer, await anchor]), [`${violation}@0`]);
});

test('the names of CAs are constrained like those of leaves', async (t) => {
  const issuer = await ca(await anchor, {
    extensions: [nameConstraints({ excluded: [organisations('Evil')] })],
  });
  const below = await ca(issuer, { subject: 'O=Evil' });
  t.deepEqual(reasons([await leaf(below), below, issuer, await anchor]), [`${violation}@1`]);
});

test('an anchor’s name constraints, policies, path length, validity and critical extensions count', async (t) => {
  const under = async (o: Parameters<typeof root>[0], names = [dns('b.example')]) => {
    const top = await root(o);
    const issuer = await ca(top);
    return [await leaf(issuer, { extensions: [subjectAltName(names)] }), issuer, top];
  };
  const only = nameConstraints({ permitted: [dns('a.example')] });
  t.deepEqual(reasons(await under({ extensions: [only] })), [`${violation}@0`]);
  t.deepEqual(reasons(await under({ extensions: [policyConstraints({ explicit: 0 })] })), [
    `${unsatisfied}@1`,
  ]);
  t.deepEqual(reasons(await under({ pathLen: 0 })), ['chain.pathlen_exceeded@2']);
  t.deepEqual(reasons(await under({ ...lives.root, notAfter: now - 1 })), ['chain.issuer_expired@2']);
  const odd = { oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) };
  t.deepEqual(reasons(await under({ extensions: [odd] })), ['chain.unknown_critical_extension@2']);
});

const [gold, silver, any] = ['1.2.3.1', '1.2.3.2', '2.5.29.32.0'] as const;
type Extensions = Parameters<typeof leaf>[1] extends infer O ? NonNullable<O> : never;

/** A path whose CA and leaf have these extensions. */
async function withPolicies(
  caExtensions: Extensions['extensions'] = [],
  leafExtensions: Extensions['extensions'] = [],
): Promise<Authority[]> {
  const issuer = await ca(await anchor, { extensions: caExtensions });
  return [await leaf(issuer, { extensions: leafExtensions }), issuer, await anchor];
}

const explicit = { initialExplicitPolicy: true } as const;
const policyCases: readonly [string, Parameters<typeof withPolicies>, Rules, boolean][] = [
  ['none where none is asked for', [], {}, true],
  ['none where one is asked for', [], explicit, false],
  ['one all along', [[policies(gold)], [policies(gold)]], explicit, true],
  ['one that changes', [[policies(gold)], [policies(silver)]], explicit, false],
  ['one that changes where none is asked for', [[policies(gold)], [policies(silver)]], {}, true],
  ['anyPolicy of the CA', [[policies(any)], [policies(gold)]], explicit, true],
  ['anyPolicy of the leaf', [[policies(gold)], [policies(any)]], explicit, true],
  [
    'the right one of two',
    [[policies(gold, silver)], [policies(silver)]],
    { ...explicit, initialPolicySet: [silver] },
    true,
  ],
  [
    'another than was asked for',
    [[policies(gold, silver)], [policies(silver)]],
    { ...explicit, initialPolicySet: [gold] },
    false,
  ],
  [
    'anyPolicy where that does not count',
    [[policies(any)], [policies(gold)]],
    { ...explicit, initialInhibitAnyPolicy: true },
    false,
  ],
  [
    'anyPolicy after it was inhibited',
    [[policies(gold), inhibitAnyPolicy(0)], [policies(any)]],
    explicit,
    false,
  ],
  ['a mapped one', [[policies(gold), policyMappings([gold, silver])], [policies(silver)]], explicit, true],
  [
    'a mapped one by the name that the caller knows',
    [[policies(gold), policyMappings([gold, silver])], [policies(silver)]],
    { ...explicit, initialPolicySet: [gold] },
    true,
  ],
  [
    'a mapped one by the name that only the CA knows',
    [[policies(gold), policyMappings([gold, silver])], [policies(silver)]],
    { ...explicit, initialPolicySet: [silver] },
    false,
  ],
  [
    'a mapped one where mapping is inhibited',
    [[policies(gold), policyMappings([gold, silver])], [policies(silver)]],
    { ...explicit, initialPolicyMappingInhibit: true },
    false,
  ],
  [
    'a mapping of anyPolicy',
    [[policies(gold), policyMappings([any, silver])], [policies(silver)]],
    {},
    false,
  ],
  ['a demand of the CA', [[policyConstraints({ explicit: 0 })], []], {}, false],
  [
    'a demand of the CA that is met',
    [[policies(gold), policyConstraints({ explicit: 0 })], [policies(gold)]],
    {},
    true,
  ],
  ['a demand that begins below the leaf', [[policyConstraints({ explicit: 2 })], []], {}, true],
];

for (const [what, extensions, rules, accepted] of policyCases) {
  test(`certificate policies ${accepted ? 'accept' : 'refuse'} ${what}`, async (t) => {
    t.deepEqual(
      validate(await withPolicies(...extensions), rules).reasons.map(({ code }) => code),
      accepted ? [] : [unsatisfied],
    );
  });
}

test('policies that were made to grow exponentially do not', async (t) => {
  // Each CA maps each of its policies to all of the next: a tree would have 8 to the power of the CAs.
  const names = Array.from({ length: 8 }, (_, i) => `1.2.3.${i}`);
  const pairs = names.flatMap((from) => names.map((to) => [from, to] as const));
  const path: Authority[] = [await anchor];
  for (let i = 0; i < 8; i++) {
    const extensions = [policies(...names), policyMappings(...pairs)];
    path.unshift(await ca(path[0] as Authority, { subject: `CN=${i}`, extensions }));
  }
  path.unshift(await leaf(path[0] as Authority, { extensions: [policies(names[0] as string)] }));
  t.deepEqual(reasons(path, explicit), []);
  t.deepEqual(reasons(path, { ...explicit, initialPolicySet: ['1.2.4'] }), [`${unsatisfied}@0`]);
});

test('critical policies with a qualifier that nobody knows deny', async (t) => {
  const odd = Buffer.from('3011300f06032a0304300830060602 2a030500'.replaceAll(' ', ''), 'hex');
  for (const critical of [true, false]) {
    const path = await withPolicies([], [{ oid: '2.5.29.32', critical, value: odd }]);
    t.deepEqual(reasons(path), critical ? ['chain.unknown_critical_extension@0'] : []);
  }
});

test('depth counts the intermediates', async (t) => {
  const upper = await ca(await anchor, { subject: 'CN=Upper' });
  const lower = await ca(upper, { subject: 'CN=Lower' });
  const path = [await leaf(lower), lower, upper, await anchor];
  t.deepEqual(reasons(path, { maxDepth: 2 }), []);
  t.deepEqual(reasons(path, { maxDepth: 1 }), ['chain.too_long@2']);
  t.deepEqual(reasons([await leaf(await anchor), await anchor], { maxDepth: 0 }), []);
});

test('every purpose asked for must be served, by CAs too, and without one nothing is asked', async (t) => {
  const [client, server] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'];
  const path = [await leaf(await anchor, { eku: ['clientAuth'] }), await anchor];
  t.deepEqual(reasons(path), []);
  t.deepEqual(reasons(path, { eku: [client] }), []);
  t.deepEqual(reasons(path, { eku: [client, server] }), ['credential.eku_missing_client_auth@0']);
  const any = [await leaf(await anchor, { eku: ['anyExtendedKeyUsage'] }), await anchor];
  t.deepEqual(reasons(any, { eku: [client] }), ['credential.eku_missing_client_auth@0']);
  const mute = [
    await leaf(await anchor, { eku: ['clientAuth'], keyUsage: ['keyEncipherment'] }),
    await anchor,
  ];
  t.deepEqual(reasons(mute), []);
  t.deepEqual(reasons(mute, { eku: [client] }), ['credential.key_usage_invalid@0']);
});

test('a path that a further check refuses is passed over for the next', async (t) => {
  const [one, two] = [await root({ subject: 'CN=One' }), await root({ subject: 'CN=Two' })];
  const issuer = await ca(one);
  const crossed = await ca(two, { keyPair: issuer.keys });
  const request = {
    leaf: parseCertificate((await leaf(issuer)).der),
    intermediates: [issuer, crossed].map(({ der }) => parseCertificate(der)),
    anchors: [one, two].map(({ der }) => parseCertificate(der)),
    at: now,
  };
  for (const refused of [one, two]) {
    const result = validateCertificate({
      ...request,
      accept: (path) =>
        path.at(-1)?.fingerprint === refused.fingerprint ? [{ code: 'revocation.revoked' }] : [],
    });
    t.true(result.valid);
    t.not(result.path.at(-1)?.fingerprint, refused.fingerprint);
  }
  const none = validateCertificate({ ...request, accept: () => [{ code: 'revocation.revoked' }] });
  t.deepEqual(
    none.reasons.map(({ code }) => code),
    ['revocation.revoked'],
  );
});

test('of renewed CAs the one that is valid at the time is found, however many there are', async (t) => {
  const first = await ca(await anchor);
  const renewals = await Promise.all(
    Array.from({ length: 60 }, (_, i) => {
      const life = { notBefore: now - (i + 2) * 1000, notAfter: now - (i + 1) * 1000 };
      return ca(first, { ...life, subject: `CN=Renewed`, keyPair: first.keys });
    }),
  );
  const good = await ca(first, { subject: 'CN=Renewed', keyPair: first.keys, notBefore: now - 9e9 });
  const path = [await leaf(good), ...renewals, good, first, await anchor];
  t.deepEqual(reasons(path), []);
});

test('a bundle of cross-signed CAs that leads nowhere ends in chain.budget_exceeded', async (t) => {
  const strangers = await Promise.all(Array.from({ length: 7 }, (_, i) => root({ subject: `CN=${i}` })));
  const crossed: Authority[] = [];
  for (const from of strangers) {
    for (const to of strangers) crossed.push(await ca(from, { subject: to.subject, keyPair: to.keys }));
  }
  const device = await leaf(strangers[0] as Authority);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    t.deepEqual(reasons([device, ...crossed, await anchor]), ['chain.budget_exceeded@null']);
    times.push(performance.now() - started);
  }
  t.true(Math.min(...times) < 500, `${Math.min(...times)} ms`);
});

test('many names under many constraints end in chain.budget_exceeded', async (t) => {
  const many = (count: number, name: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => dns(name(i)));
  const path = await constrained(
    { permitted: [...many(1400, (i) => `p${i}.example`), dns('test')], excluded: [] },
    many(1400, (i) => `x${i}.test`),
  );
  t.deepEqual(reasons(path), ['chain.budget_exceeded@null']);
});

test('long constraints are paid by their length', async (t) => {
  const long = `a@${Array<string>(60).fill('aa').join('.')}.test`;
  const path = await constrained(
    { excluded: Array.from({ length: 200 }, (_, i) => email(`${i}${long}`)) },
    Array.from({ length: 1000 }, (_, i) => email(`x${i}@b.test`)),
  );
  t.deepEqual(reasons(path), ['chain.budget_exceeded@null']);
});

test('names of many labels are held against many constraints in time', async (t) => {
  const labels = Array<string>(122).fill('a').join('.');
  const excluded = [dns, email, uri].flatMap((form) =>
    Array.from({ length: 500 }, (_, i) => form(`z${i}.example`)),
  );
  const names = Array.from({ length: 50 }, (_, i) => [
    dns(`${i}.${labels}`),
    email(`a@${i}.${labels}`),
    uri(`http://${i}.${labels}/`),
  ]);
  const path = await constrained({ excluded }, names.flat());
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    t.deepEqual(reasons(path), []);
    times.push(performance.now() - started);
  }
  t.true(Math.min(...times) < 300, `${Math.min(...times)} ms`);
});

const lintCases: readonly [string, () => Promise<Authority[]>, string][] = [
  [
    'serial_zero@0',
    async () => [await leaf(await anchor, { serial: '-0' }), await anchor],
    'a serial of zero',
  ],
  [
    'serial_too_long@0',
    async () => [await leaf(await anchor, { serial: '01'.repeat(21) }), await anchor],
    'a serial of 21 octets',
  ],
  [
    'name_constraints_not_critical@1',
    async () => {
      const issuer = await ca(await anchor, {
        extensions: [nameConstraints({ permitted: [dns('a')] }, false)],
      });
      return [await leaf(issuer), issuer, await anchor];
    },
    'name constraints that are not critical',
  ],
  [
    'name_constraints_outside_ca@0',
    async () => [
      await leaf(await anchor, { extensions: [nameConstraints({ permitted: [dns('a')] })] }),
      await anchor,
    ],
    'name constraints in a leaf',
  ],
  [
    'policy_constraints_not_critical@1',
    () => withPolicies([policyConstraints({ explicit: 5 }, false)]),
    'policy constraints that are not critical',
  ],
  [
    'inhibit_any_policy_not_critical@1',
    () => withPolicies([inhibitAnyPolicy(0, false)]),
    'inhibitAnyPolicy that is not critical',
  ],
  [
    'cert_sign_without_ca@0',
    async () => [await leaf(await anchor, { keyUsage: ['digitalSignature', 'keyCertSign'] }), await anchor],
    'keyCertSign of a leaf',
  ],
  [
    'san_form@0',
    async () => [await leaf(await anchor, { extensions: [subjectAltName([dns('a_b')])] }), await anchor],
    'a DNS name that is none',
  ],
  [
    'subject_missing@0',
    async () => [await leaf(await anchor, { subject: '' }), await anchor],
    'no name at all',
  ],
  [
    'san_not_critical@0',
    async () => [
      await leaf(await anchor, { subject: '', extensions: [subjectAltName([dns('a.b')])] }),
      await anchor,
    ],
    'alternative names that are not critical beside an empty subject',
  ],
  [
    'key_usage_of_other_keys@0',
    async () => [
      await leaf(await anchor, { key: 'ed25519', keyUsage: ['digitalSignature', 'keyEncipherment'] }),
      await anchor,
    ],
    'encryption by a key that only signs',
  ],
  [
    'key_usage_missing@1',
    async () => {
      const issuer = await ca(await anchor, { keyUsage: [] });
      return [await leaf(issuer), issuer, await anchor];
    },
    'a CA without key usage',
  ],
];

for (const [code, make, what] of lintCases) {
  test(`${what} is lint, and denies where strict`, async (t) => {
    const path = await make();
    const loose = validate(path);
    t.true(loose.valid, JSON.stringify(loose.reasons));
    t.deepEqual(
      loose.lint.map((one) => `${one.code}@${one.certificate}`),
      [code],
    );
    t.deepEqual(reasons(path, { strict: true }), [`credential.lint_strict@${code.split('@')[1]}`]);
  });
}

test('a negative serial denies however lenient one is', async (t) => {
  const device = await leaf(await anchor, { serial: '-01' });
  t.throws(() => parseCertificate(device.der), { message: /negative/ });
});
