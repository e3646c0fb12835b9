import test from 'ava';
import { sha256Hex } from '../../../../src/lib/bytes.ts';
import { loadCases } from '../../../../src/workshop/cases/load.ts';
import { combinations } from '../../../../src/workshop/cases/matrix.ts';
import { selectCases } from '../../../../src/workshop/cases/select.ts';
import { authorFolder, casesIn, loaded, problemsOf, withMeters } from '../../../helpers/author-cases.ts';

const at = 'at: 2026-06-01T12:00:00Z\n';
const denied = 'expect: { outcome: deny }';

test('a case is found by its line, and named by file and title', (t) => {
  const [first, second] = casesIn(
    `${at}cases:\n  - title: one\n    ${denied}\n  - { title: two, ${denied} }\n`,
  );
  t.like(first, { id: 'cases.yaml: one', file: 'cases.yaml', line: 3, title: 'one', combination: {} });
  t.like(second, { id: 'cases.yaml: two', line: 5 });
});

test('JSON is read as YAML is', (t) => {
  const json = JSON.stringify({
    at: '2026-06-01T12:00:00Z',
    cases: [{ title: 'one', expect: { outcome: 'deny' } }],
  });
  t.like(casesIn({ 'cases.json': json })[0], { id: 'cases.json: one', at: Date.UTC(2026, 5, 1, 12) });
});

const refused: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
  'an unknown key of a file': [`${at}case: []`, /^2:1 case: unknown key; did you mean cases\?$/],
  'an unknown key of a case': [
    `${at}cases:\n  - title: one\n    expects: { outcome: deny }`,
    /^4:5 cases\[0\]\.expects: unknown key; did you mean expect\?$/,
  ],
  'an unknown key of a certificate': [
    `${at}cases: [{ title: one, certificate: { notafter: -1d }, ${denied} }]`,
    /^2:38 cases\[0\]\.certificate\.notafter: unknown key; did you mean not_after\?$/,
  ],
  'a key that stands twice': [`${at}${at}`, /^2:1 : Map keys must be unique$/],
  'a moment that is none': [
    `${at}cases: [{ title: one, at: yesterday, ${denied} }]`,
    /^2:27 cases\[0\]\.at: must be an RFC 3339 instant .* or an offset such as -1h or \+90d$/,
  ],
  'a fault that there is none of': [
    `${at}cases: [{ title: one, certificate: { fault: bad_luck }, ${denied} }]`,
    /^2:45 cases\[0\]\.certificate\.fault: .*bad_signature|none of the 15 known ones/,
  ],
  'no time at all': [`cases: [{ title: one, ${denied} }]`, /^1:1 at: is missing/],
  'a case that expects nothing': [`${at}cases: [{ title: one }]`, /^2:9 cases\[0\]\.expect: is missing$/],
  'an expectation without an outcome': [
    `${at}cases: [{ title: one, expect: { reasons: [] } }]`,
    /^2:31 cases\[0\]\.expect\.outcome: is missing$/,
  ],
  'a reason that there is none of': [
    `${at}cases: [{ title: one, expect: { outcome: deny, reasons: { lacks: [revocation.revokd] } } }]`,
    /^2:67 cases\[0\]\.expect\.reasons\.lacks\[0\]: "revocation\.revokd" is no reason/,
  ],
  'two cases of one title': [
    `${at}cases: [{ title: one, ${denied} }, { title: one, ${denied} }]`,
    /^2:61 cases\[1\]\.title: is the title of another case$/,
  ],
  'a fixture that there is none of': [
    `${at}fixtures: { certificates: { meter: {} } }\ncases: [{ title: one, certificate: metre, ${denied} }]`,
    /^3:36 cases\[0\]\.certificate: there is no fixture "metre" in certificates; there are meter$/,
  ],
  'a fixture that is laid over itself': [
    `${at}fixtures: { devices: { a: { base: b }, b: { base: a } } }\ncases: [{ title: one, device: a, ${denied} }]`,
    /^3:31 cases\[0\]\.device: the fixture "." is laid over itself$/,
  ],
  'a list of expectations without a matrix': [
    `${at}cases: [{ title: one, expect: [{ outcome: deny }] }]`,
    /^2:31 cases\[0\]\.expect: is a list, which is for a matrix$/,
  ],
  'a list of unwanted reasons that is empty': [
    `${at}cases: [{ title: one, expect: { outcome: deny, reasons: { lacks: [] } } }]`,
    /^2:\d+ cases\[0\]\.expect\.reasons\.lacks: must not be empty/,
  ],
  'a list of wanted reasons that is empty': [
    `${at}cases: [{ title: one, expect: { outcome: deny, reasons: { contains: [] } } }]`,
    /^2:\d+ cases\[0\]\.expect\.reasons\.contains: must not be empty/,
  ],
  'obligations of which none is named': [
    `${at}cases: [{ title: one, expect: { outcome: deny, obligations: {} } }]`,
    /^2:\d+ cases\[0\]\.expect\.obligations: must not be empty/,
  ],
  'an axis of a matrix with a value twice': [
    `${at}cases: [{ title: one, matrix: { device.status: [lost, lost] }, ${denied} }]`,
    /^2:\d+ cases\[0\]\.matrix\["device\.status"\]: has the value "lost" twice$/,
  ],
  'an axis that would be the base of a case': [
    `${at}cases: [{ title: one, matrix: { base: [meter, camera] }, ${denied} }]`,
    /^2:\d+ cases\[0\]\.matrix\.base: cannot change base: name fixtures at their places/,
  ],
  'an axis that would change what is expected': [
    `${at}cases: [{ title: one, matrix: { who: { all: { expect: { outcome: allow } } } }, ${denied} }]`,
    /^2:\d+ cases\[0\]\.matrix\.who: cannot change expect: /,
  ],
};

for (const [what, [text, problem]] of Object.entries(refused)) {
  test(`${what} is refused with its line and column`, (t) => {
    const problems = problemsOf(text);
    t.is(problems.length, 1, problems.join('\n'));
    t.regex(problems[0] as string, problem);
  });
}

test('every problem of a file is told, in its order', (t) => {
  t.deepEqual(
    problemsOf(`at: 1\ncases:\n  - tittle: one\n`).map((one) => one.split(':')[0]),
    ['1', '3', '3'],
  );
});

test('fixtures of a file lie over those of the files that it uses', (t) => {
  const shared = `${at}fixtures: { devices: { meter: { class: meter, site: lyon } }, networks: { plant: { source_ip: 10.0.0.1 } } }`;
  const text = `use: [shared.yaml]\nfixtures: { networks: { plant: { source_ip: 10.0.0.2 } } }\ncases: [{ title: one, device: { base: meter, site: oslo }, network: plant, ${denied} }]`;
  const file = loaded({ 'cases.yaml': text, 'shared.yaml': shared });
  t.deepEqual(file.problems, []);
  t.like(file.cases[0]?.words, {
    device: { class: 'meter', site: 'oslo' },
    network: { source_ip: '10.0.0.2' },
  });
  t.is(file.reads.length, 2);
});

test('files that use each other are refused, and one that is not there is named', (t) => {
  const [problem] = problemsOf('use: [b.yaml]', { 'b.yaml': 'use: [cases.yaml]' });
  t.regex(problem as string, /uses this file in turn/);
  t.regex(problemsOf('use: [none.yaml]')[0] as string, /^1:7 use\[0\]: .*none\.yaml/);
});

test('what is wrong with a used file is told of that file', (t) => {
  const [problem] = loaded({ 'cases.yaml': 'use: [b.yaml]', 'b.yaml': 'fixture: {}' }).problems;
  t.regex(problem?.file ?? '', /b\.yaml$/);
});

test('a case is laid over what it is based on, member by member', (t) => {
  const [one] = casesIn(withMeters(`{ title: one, base: good, certificate: { not_after: -1d }, ${denied} }`));
  t.like(one?.words, {
    certificate: { id: 'spiffe://fleet.example/meter/1', issuer: 'meters', not_after: '-1d' },
    device: { class: 'meter' },
  });
});

test('a matrix is every combination of its axes, each with what is expected of it', (t) => {
  const cases = casesIn(
    withMeters(
      `{ title: one, base: good,
         matrix: { device.status: [active, quarantined], where: { plant: { network: { source_ip: 10.20.0.1 } }, street: { network: { source_ip: 192.0.2.1 } } } },
         expect: [{ when: { device.status: active, where: plant }, outcome: allow }, { when: { device.status: active, where: street }, outcome: deny }, { when: { device.status: quarantined }, outcome: deny, reasons: { contains: [inventory.quarantined] } }] }`,
    ),
  );
  t.deepEqual(
    cases.map(({ combination, expect }) => [Object.values(combination).join(' '), expect.outcome]),
    [
      ['active plant', 'allow'],
      ['active street', 'deny'],
      ['quarantined plant', 'deny'],
      ['quarantined street', 'deny'],
    ],
  );
  t.is(cases[1]?.id, 'cases.yaml: one [device.status=active, where=street]');
  t.like(cases[3]?.words, {
    device: { class: 'meter', status: 'quarantined' },
    network: { source_ip: '192.0.2.1' },
  });
});

const matrix = 'matrix: { device.status: [active, lost] }';
const matrices: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
  'a combination that nothing is expected of': [
    `{ title: one, base: good, ${matrix}, expect: [{ when: { device.status: active }, outcome: allow }] }`,
    /expect: nothing is expected of device\.status=lost$/,
  ],
  'a combination that is expected twice': [
    `{ title: one, base: good, ${matrix}, expect: [{ outcome: deny }, { when: { device.status: lost }, outcome: deny }] }`,
    /expect\[1\]: device\.status=lost is expected twice, here and by entry 1$/,
  ],
  'an expectation of a value that the axis does not have': [
    `{ title: one, base: good, ${matrix}, expect: [{ outcome: deny, when: { device.status: [active, lost, gone] } }] }`,
    /expect\[0\]\.when: the axis device\.status has no value "gone"$/,
  ],
  'an expectation of no value at all': [
    `{ title: one, base: good, ${matrix}, expect: [{ outcome: deny, when: { device.status: [active, lost] } }, { outcome: allow, when: { device.status: [] } }] }`,
    /expect\[1\]\.when\["device\.status"\]: must not be empty$/,
  ],
  'an axis that is no place of a case': [
    `{ title: one, base: good, matrix: { certificate.isuer: [a, b] }, expect: [{ outcome: deny }] }`,
    /matrix: certificate\.isuer=a: certificate\.isuer: unknown key; did you mean issuer\?$/,
  ],
};

for (const [what, [text, problem]] of Object.entries(matrices)) {
  test(`${what} is refused`, (t) => {
    const problems = problemsOf(withMeters(text));
    t.is(problems.length, 1, problems.join('\n'));
    t.regex(problems[0] as string, problem);
  });
}

test('the time of a case may be an offset from that of its file, and an end one from that of its decision', (t) => {
  const [one] = casesIn(
    withMeters(`{ title: one, base: good, at: +2d, expect: { outcome: allow, valid_until: +1h } }`),
  );
  t.is(one?.at, Date.UTC(2026, 5, 3, 12));
  t.is(one?.expect.validUntil, Date.UTC(2026, 5, 3, 13));
});

test('cases are chosen by tag and by a pattern over file, title and combination', (t) => {
  const cases = casesIn(
    withMeters(
      `{ title: one, tags: [smoke, fast], ${denied} }`,
      `{ title: two, tags: [slow], ${denied} }`,
      `{ title: three, ${matrix}, device: meter, expect: [{ outcome: deny }] }`,
    ),
  );
  const titles = (selection: Parameters<typeof selectCases>[1]) =>
    selectCases(cases, selection).map(({ id }) => id.replace('cases.yaml: ', ''));
  t.deepEqual(titles({ tags: ['smoke', 'slow'] }), ['one', 'two']);
  t.deepEqual(titles({ tags: [], run: 'lost' }), ['three [device.status=lost]']);
  t.deepEqual(titles({ tags: ['smoke'], run: 'two' }), []);
  t.throws(() => selectCases(cases, { tags: [], run: '(' }), { code: 'PDP_USAGE' });
});

test('what another schema let stand in a matrix is looked at again', (t) => {
  const words = { title: 'one', matrix: { 'certificate.isuer': ['a'] }, expect: [{ outcome: 'deny' }] };
  const text = JSON.stringify({ at: '2026-06-01T12:00:00Z', cases: [words] });
  const before = sha256Hex(`sound combinations 1\0${JSON.stringify(combinations(words))}`);
  const kept = {
    read: (key: string) => (key === before ? Buffer.from('sound') : undefined),
    write: () => undefined,
  };
  const [file] = loadCases(['cases.json'], { folder: authorFolder({ 'cases.json': text }), kept });
  t.regex(file?.problems[0]?.message ?? '', /certificate\.isuer: unknown key/);
});
