import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { inspectConfig, loadConfig } from '../../../src/config/load.ts';
import type { Inspection } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problem.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { catalogue } from '../../../src/decision/reasons.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { reasonCodes } from '../../../src/lib/reason-code.ts';
import { folder, full, inspect, makeFolder, minimal, now, withLine } from './helpers/file.ts';

test('a minimal file gets every default', (t) => {
  const { config, problems, warnings } = inspect(minimal);
  t.deepEqual([problems, warnings], [[], []]);
  t.deepEqual(config, {
    version: 1,
    file: join(folder, 'portreeve.yaml'),
    site: null,
    state: { path: join(folder, 'state.db') },
    server: {
      workers: 2,
      budget: 150,
      drain_notice: 0,
      drain: 10_000,
      listeners: [{ name: 'local', address: '127.0.0.1:9191', pep: 'envoy', tls: null, insecure: false }],
      admin: { address: '127.0.0.1:9190' },
      health: null,
      max_concurrent_streams: 100,
      connections: {
        max: 4096,
        per_address: 1024,
        setup: 10_000,
        idle: 3_600_000,
        keepalive: 20_000,
        call: 30_000,
        buffered: 67_108_864,
        memory: 67_108_864,
        header_bytes: 65_536,
        resets: { burst: 30_000, rate: 5000 },
      },
    },
    peps: [
      {
        name: 'envoy',
        tenant: 'default',
        site: null,
        zone: null,
        match: null,
        may_assert_devices: false,
        may_send_xfcc: false,
        networks: [],
        trusted_hops: 0,
      },
    ],
    trust: {
      anchors: [
        {
          name: 'root',
          file: join(folder, 'ca/root.pem'),
          profile: { kind: 'cn' },
          revocation: { required: true, max_age: null, grace: 0 },
          allow_sha1: false,
          allow_small_keys: false,
          strict: false,
          pinned: false,
        },
      ],
      intermediates: [],
      pep_cas: [],
      credential_optional: false,
    },
    revocation: {
      crls: [],
      sources: [],
      distribution_points: {
        allow: [],
        ca: null,
        interval: 3_600_000,
        timeout: 300_000,
        max_bytes: 67_108_864,
        max_age: null,
      },
      max_crl_bytes: 1_073_741_824,
      poll: 1000,
      coverage: [],
      ocsp: { responders: [], stapled: false },
    },
    attestation: { verifiers: [], challenge: [] },
    inventory: { sources: [] },
    classes: {},
    limits: { max_lockout: '1%' },
    observed: { interval: 3_600_000, certificates_per_device: 8, keep: 400 * 86_400_000 },
    shared_use: { window: 600_000, moves: 0, ipv4_prefix: 24, ipv6_prefix: 48 },
    time: { tolerance: 300_000, settle: 3_600_000, max_leap: 30 * 86_400_000 },
    policy: {
      bundle: null,
      compat: null,
      path: 'envoy/authz/allow',
      sources: [],
      signed_by: [],
      max_age: null,
      grace: 0,
      keep: 10,
      self_test_timeout: 10_000,
      shadow: null,
    },
    compat: {
      undefined: 'deny',
      credential_optional: false,
      skip_request_body_parse: false,
      proto_descriptor: null,
      record_bytes: 65_536,
    },
    claims: { device_id: [], serial: [], firmware_hash: [], attestation: [] },
    custom: {},
    wire: { statuses: {}, retry_after: { min: 5, max: 30 }, overload: 'denial' },
    enforcement: { observe: [], break_glass: [] },
    audit: {
      path: join(folder, 'audit/log'),
      mode: 'relaxed',
      flush: 200,
      origin: null,
      key: join(folder, 'audit/log-key.pem'),
      retain: null,
      max_bytes: null,
      rotate_bytes: 67_108_864,
      keep: 20,
      on_failure: 'deny',
      heartbeat: 60_000,
      strangers: {
        rate: 1,
        burst: 100,
        pep_rate: 10,
        pep_burst: 1000,
        ipv4_prefix: 24,
        ipv6_prefix: 56,
        networks: 4096,
      },
      redact: { fields: [], linkable: true, keep: null },
      witnesses: [],
      anchors: [],
      sinks: [],
    },
    index: { follow: true, max_bytes: null },
  });
});

test('lengths of time, instants and paths are converted', (t) => {
  const { config, problems } = inspect(full);
  t.deepEqual(problems, []);
  t.is(config?.server.budget, 200);
  t.is(config?.revocation.poll, 2000);
  t.deepEqual(config?.trust.anchors[0]?.revocation, {
    required: true,
    max_age: 86_400_000,
    grace: 43_200_000,
  });
  const meter = config?.classes.meter;
  t.deepEqual([meter?.max_lifetime_s, meter?.ttl_s, meter?.session_limit_s], [34_560_000, 5400, 43_200]);
  t.false('ttl' in (meter ?? {}));
  t.deepEqual(config?.wire.retry_after, { min: 10, max: 60 });
  t.is(config?.enforcement.observe[2]?.until, Date.parse('2026-12-30T23:00:00Z'));
  t.is(config?.server.listeners[1]?.tls?.key, join(folder, 'tls/server.key'));
  t.deepEqual(config?.revocation.crls, [join(folder, 'crl')]);
});

test('a class that says little gets the strict defaults', (t) => {
  const { config } = inspect(`${minimal}classes:\n  meter:\n    anchors: [root]\n`);
  t.deepEqual(config?.classes.meter, {
    assurance: 'device_proved',
    binding: 'certificate',
    issuers: [],
    anchors: ['root'],
    max_lifetime_s: null,
    renew_by_share: null,
    firmware: { required: false, allowed: [], blocked: [], minimum: {}, rollback: 'deny' },
    networks: [],
    attestation: {
      required: false,
      submods: [],
      tier: 'affirming',
      vector: {},
      max_age_s: null,
      challenge: false,
    },
    shared_use: 'warn',
    clock_grace_s: null,
    grace: { state_s: null, sites: {} },
    entitlements: [],
    ttl_s: 3600,
    session_limit_s: null,
  });
});

test('every problem is told at once, in the order of the file', (t) => {
  const { problems } = inspect(`version: 1
sever: {}
server:
  budget: soon
  listeners:
    - { name: a, address: "0.0.0.0:1", pep: nobody }
    - { name: a, address: "127.0.0.1:2" }
peps: []
`);
  t.deepEqual(
    problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`),
    [
      '1:1 trust is missing',
      '2:1 sever unknown key; did you mean server?',
      '4:11 server.budget must be a length of time such as 150ms, 30s, 12h or 1h30m',
      '6:27 server.listeners[0].address plaintext off loopback and off Unix sockets is refused; give it tls, or say insecure: true',
      '6:45 server.listeners[0].pep names "nobody", which is not in peps',
      '7:7 server.listeners[1] needs pep (who asks here) or tls (PEPs known by certificate)',
      '7:15 server.listeners[1].name listener "a" is there twice',
      '8:7 peps must not be empty',
    ],
  );
});

test('the error that is thrown carries every problem', (t) => {
  const file = join(makeFolder(), 'portreeve.yaml');
  writeFileSync(file, minimal.replace('kind: cn', 'kind: dn').replace('name: envoy', 'name: other'));
  const error = t.throws(() => loadConfig(file, now), {
    instanceOf: ConfigError,
    code: 'PDP_CONFIG_INVALID',
  });
  t.deepEqual(
    error?.problems.map(({ line }) => line),
    [4, 9],
  );
  t.true(error?.message.startsWith(`${file}:4:`));
});

test('what is named is not resolved from the working folder but from the file’s', (t) => {
  const other = makeFolder();
  const file = join(other, 'portreeve.yaml');
  writeFileSync(file, minimal);
  t.is(loadConfig(file, now).trust.anchors[0]?.file, join(other, 'ca/root.pem'));
});

/** Where a configuration is warned of, besides what the full one has: it answers by an error what it sheds. */
const warnedOf = ({ warnings }: Inspection): string[] =>
  warnings.map(({ path }) => path).filter((path) => path !== 'wire.overload');

test('a missing CRL is a warning with its line, because feeds come and go', (t) => {
  const found = inspect(withLine('crls: [crl]', 'crls: [crl, gone]'));
  t.truthy(found.config);
  t.deepEqual(warnedOf(found), ['revocation.crls[1]']);
});

test('a limit on the age of an inventory file that nobody signs is a warning: reading it again makes it no newer', (t) => {
  const unsigned = inspect(withLine('file: devices.ndjson', 'file: devices.ndjson\n      max_age: 24h'));
  t.deepEqual(warnedOf(unsigned), ['inventory.sources[1].max_age']);
  t.regex(unsigned.warnings[0]?.message ?? '', /last read/);
  const signed = inspect(
    withLine(
      'file: devices.ndjson',
      'file: devices.ndjson\n      max_age: 24h\n      signed_by: ca/root.pem',
    ),
  );
  t.deepEqual(warnedOf(signed), []);
});

test('observation and broken glass that are over are warnings', (t) => {
  const observed = inspect(withLine('until: 2026-12-31T00:00:00+01:00', 'until: 2026-11-20T12:00:00Z'));
  t.truthy(observed.config);
  t.true(observed.warnings.some(({ message }) => message.includes('is over')));
  const broken = inspect(withLine('until: 2026-11-20T20:00:00Z', 'until: 2026-11-20T12:00:00Z'));
  t.truthy(broken.config);
  t.true(broken.warnings.some(({ message }) => message.includes('is over')));
});

test('broken glass that lets pass what no record tells of is a warning', (t) => {
  const { config, warnings } = inspect(
    withLine('- reasons: [revocation.crl_stale]', '- reasons: [system.audit_unavailable]'),
  );
  t.truthy(config);
  t.true(warnings.some(({ message }) => message.includes('of which no record tells')));
});

test('broken glass that can match no denial is a warning', (t) => {
  const told = (reason: string, devices = true) => {
    const text = withLine('- reasons: [revocation.crl_stale]', `- reasons: [${reason}, policy.denied]`);
    const { problems, warnings } = inspect(devices ? text : text.replace('      devices: [meter-1]\n', ''));
    const within = ({ path }: { readonly path: string }): boolean => path.startsWith('enforcement.');
    t.deepEqual(problems.filter(within), []);
    return warnings.filter(within).map(({ path, message }) => `${path} ${message}`);
  };
  const place = String.raw`^enforcement\.break_glass\[0\]\.reasons\[0\] sets nothing aside`;
  t.regex(told('system.input_invalid').join(), new RegExp(`${place}: it comes where no device is known`));
  for (const reason of ['inventory.unknown_device', 'inventory.class_unknown']) {
    t.deepEqual(told(reason), []);
    t.regex(told(reason, false).join(), new RegExp(`${place} here`));
  }
  t.deepEqual(told('credential.expired', false), []);
});

test('glass cannot be broken ahead of time: whenever it begins, it is over a day from now', (t) => {
  const problems = (since: string, until: string): readonly string[] => {
    const from = withLine('since: 2026-11-20T08:00:00Z', `since: ${since}`);
    return inspect(from.replace('until: 2026-11-20T20:00:00Z', `until: ${until}`)).problems.map(
      ({ path, message }) => `${path} ${message}`,
    );
  };
  t.deepEqual(problems('2026-11-21T08:00:00Z', '2026-11-21T12:00:00Z'), []);
  const [problem = '', ...others] = problems('2026-11-21T08:00:00Z', '2026-11-21T12:00:00.001Z');
  t.regex(problem, /^enforcement\.break_glass\[0\]\.until is more than 24 hours from now/);
  t.deepEqual(others, []);
});

test('exactly the reasons of the catalogue that deny can be set aside', (t) => {
  const setAside = reasonCodes.filter((code) => {
    const { problems } = inspect(withLine('- reasons: [revocation.crl_stale]', `- reasons: [${code}]`));
    return !problems.some(({ message }) => message.startsWith('never denies'));
  });
  t.deepEqual(
    setAside,
    reasonCodes.filter((code) => catalogue[code].severity === 'deny'),
  );
});

test('an end exactly at the limit is accepted, one millisecond later is not', (t) => {
  const at = (until: string) =>
    inspect(withLine('until: 2026-12-31T00:00:00+01:00', `until: ${until}`)).problems.length;
  t.is(at('2027-02-18T12:00:00Z'), 0);
  t.is(at('2027-02-18T12:00:00.001Z'), 1);
  const glass = (until: string) =>
    inspect(withLine('until: 2026-11-20T20:00:00Z', `until: ${until}`)).problems.length;
  t.is(glass('2026-11-21T08:00:00Z'), 0);
  t.is(glass('2026-11-21T08:00:00.001Z'), 1);
});

test('observation without an end, and broken glass that names nothing, are refused', (t) => {
  const endless = inspect(`${minimal}enforcement:\n  observe:\n    - pep: envoy\n`);
  t.deepEqual(
    endless.problems.map(({ path, message }) => `${path} ${message}`),
    ['enforcement.observe[0].until is missing'],
  );
  const glass = full.replace('      classes: [meter]\n      devices: [meter-1]\n', '');
  t.deepEqual(
    inspect(glass).problems.map(({ message }) => message),
    ['must name classes or devices'],
  );
});

test('more than 32 custom facts are refused', (t) => {
  const facts = (count: number) =>
    Array.from({ length: count }, (_, index) => `  f${index}: { label: l }\n`).join('');
  t.deepEqual(inspect(`${minimal}custom:\n${facts(32)}`).problems, []);
  t.regex(inspect(`${minimal}custom:\n${facts(33)}`).problems[0]?.message ?? '', /32/);
});

test('a newer format is refused, naming both and the way back', (t) => {
  const error = t.throws(() => inspect('version: 2\nnewthing: 1\n'), {
    instanceOf: PortreeveError,
    code: 'PDP_FORMAT_NEWER',
  });
  t.regex(error?.message ?? '', /format 2.*reads format 1.*version: 1/s);
});

const broken: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['a duplicate key', 'version: 1\nversion: 1\n', /unique/],
  ['text that is not YAML', 'a: [\n', /flow collection|end/i],
  ['two documents', 'version: 1\n---\nversion: 1\n', /multiple documents/i],
  ['an unknown tag', 'version: !!js/function "x"\n', /tag/i],
  ['an alias to nothing', 'version: *one\n', /alias/i],
  ['nesting that would overflow the stack', '['.repeat(100_000), /./],
];

for (const [what, text, message] of broken) {
  test(`${what} is a problem with its place, and nothing is looked at further`, (t) => {
    const { readable, config, problems } = inspect(text);
    t.is(config, undefined);
    t.false(readable);
    t.regex(problems[0]?.message ?? '', message);
    t.true((problems[0]?.line ?? 0) >= 1 && (problems[0]?.column ?? 0) >= 1);
  });
}

test('aliases that would grow into gigabytes are refused', (t) => {
  const levels = Array.from({ length: 12 }, (_, index) => {
    const value =
      index === 0
        ? '[x, x, x, x, x, x, x, x, x]'
        : `[${Array(9)
            .fill(`*a${index - 1}`)
            .join(', ')}]`;
    return `k${index}: &a${index} ${value}`;
  });
  const { readable, problems } = inspect(levels.join('\n'));
  t.false(readable);
  t.regex(problems[0]?.message ?? '', /alias/i);
});

test('an alias in place of a value is followed, also to its problem', (t) => {
  const text = `${minimal}revocation: &r\n  poll: 1\npolicy: *r\n`;
  const found = inspect(text).problems.map(({ line, path }) => `${line} ${path}`);
  t.deepEqual(found, ['11 policy.poll', '11 revocation.poll'].sort());
});

test('a file that is too long, not UTF-8 or not there cannot be read', (t) => {
  const file = join(makeFolder(), 'portreeve.yaml');
  writeFileSync(file, `# ${'x'.repeat(1024 * 1024)}\n${minimal}`);
  t.throws(() => inspectConfig(file, now), { code: 'PDP_CONFIG_INVALID', message: /more than/ });
  writeFileSync(file, Buffer.concat([Buffer.from(minimal), Buffer.from([0xff])]));
  t.throws(() => inspectConfig(file, now), { code: 'PDP_CONFIG_INVALID', message: /encoded data/ });
  t.throws(() => inspectConfig(`${file}.gone`, now), { code: 'PDP_CONFIG_INVALID', message: /ENOENT/ });
});

test('names from the language’s own objects are unknown keys, not code', (t) => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    const { config, problems } = inspect(`${minimal}${key}: { polluted: true }\n`);
    t.is(config, undefined);
    t.true(
      problems.some(({ path }) => path.includes(key)),
      JSON.stringify(problems),
    );
  }
  t.false('polluted' in {});
});

test('whatever the text, it is a configuration or has problems; only a newer format throws', (t) => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(...full.split('\n')),
    fc.constantFrom('- ', ': ', '&a ', '*a', '{', '['),
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('\n');
        try {
          const { config, problems } = inspect(text);
          return (config !== undefined) === (problems.length === 0);
        } catch (thrown) {
          return thrown instanceof PortreeveError && thrown.code === 'PDP_FORMAT_NEWER';
        }
      }),
      { numRuns: 200 * Number(process.env.SOAK_FACTOR ?? 1) },
    ),
  );
});

test('the example of every key is one that the schema accepts', (t) => {
  const visit = (schema: typeof configSchema, path: string): void => {
    for (const [key, one] of Object.entries(schema.properties ?? {})) {
      const where = `${path}${key}`;
      t.true(one.description !== undefined, `${where} has no description`);
      const leaf =
        one.properties === undefined &&
        one.items === undefined &&
        typeof one.additionalProperties !== 'object';
      if (leaf) t.true((one.examples?.length ?? 0) > 0, `${where} has no example`);
      visit(one, `${where}.`);
      if (one.items) visit(one.items, `${where}[].`);
      if (typeof one.additionalProperties === 'object') visit(one.additionalProperties, `${where}.*.`);
    }
  };
  visit(configSchema, '');
});

test('a log that records nothing is a warning: nobody can be shown who was let in', (t) => {
  const { config, warnings } = inspect(`${minimal}\naudit: { mode: none }\n`);
  t.is(config?.audit.mode, 'none');
  t.deepEqual(
    warnings.map(({ path }) => path),
    ['audit.mode'],
  );
});

test('an error for what is shed is a warning: a PEP may let pass what it gets no answer for', (t) => {
  const of = (overload: string) => inspect(`${minimal}wire: { overload: ${overload} }\n`);
  const { config, warnings } = of('unavailable');
  t.is(config?.wire.overload, 'unavailable');
  t.deepEqual(
    warnings.map(({ path, line }) => `${line} ${path}`),
    ['10 wire.overload'],
  );
  t.regex(
    warnings[0]?.message ?? '',
    /lets pass what it gets no answer for \(Envoy: failure_mode_allow: true\)/,
  );
  t.deepEqual(of('denial').warnings, []);
});
