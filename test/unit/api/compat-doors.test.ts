import test from 'ava';
import { compatFailure, encodeCompat } from '../../../src/api/ext-authz/compat/encode.ts';
import { extAuthzDoor } from '../../../src/api/ext-authz/service.ts';
import { decisionServiceDoor } from '../../../src/api/decision-service/service.ts';
import { decodeCheckRequestJson } from '../../../src/api/proto3-json.ts';
import { derivedDifferences } from '../../../src/audit/derived.ts';
import { buildRecord } from '../../../src/audit/record.ts';
import { concludeAgain } from '../../../src/decision/replay.ts';
import type { Replay } from '../../../src/decision/replay.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { headersIn, http, makeCompatWorld } from '../../helpers/compat.ts';
import type { CompatWorld } from '../../helpers/compat.ts';
import { withOpa } from '../../helpers/policies.ts';
import { worldTime } from '../../helpers/world.ts';
import { parseCrl } from '../../../src/revocation/parse-crl.ts';

const byPath = `package envoy.authz

default allow := false

allow if input.parsed_path[0] == "in"

allow := {"allowed": false, "http_status": 418} if input.parsed_path[0] == "teapot"

allow := {"allowed": false, "body": "no berth"} if input.parsed_path[0] == "full"
`;

/** As `allow`, without a default. */
const undefinedElsewhere = 'package envoy.authz\n\nallow if input.parsed_path[0] == "in"\n';

withOpa('an undefined decision denies with its reason', async (t) => {
  const { ask } = await makeCompatWorld(t, undefinedElsewhere);
  const { answer, made } = await ask(http('GET', '/out'));
  t.is(answer.status.code, 7);
  t.is(answer.denied_response?.status.code, 503);
  t.deepEqual(
    made.decision.reasons.map(({ code }) => code),
    ['policy.undefined'],
  );
  t.deepEqual(made.decision.obligations, { entitlements: [], headers: {}, session_limit_s: null });
});

withOpa('a result of a wrong type denies with its reason', async (t) => {
  const { ask } = await makeCompatWorld(t, 'package envoy.authz\n\nallow := "yes"\n');
  const { made } = await ask(http('GET', '/'));
  t.deepEqual(
    made.decision.reasons.map(({ code }) => code),
    ['policy.error'],
  );
});

withOpa('a status that Envoy does not know is an error of the policy', async (t) => {
  const { ask } = await makeCompatWorld(t, byPath);
  const { made } = await ask(http('GET', '/teapot'));
  t.is(made.decision.reasons[0]?.code, 'policy.error');
  t.regex(made.decision.faults[0]?.message ?? '', /http_status is not a number that Envoy has/);
});

withOpa(
  'an undefined decision is a failed call where the configuration says error by name, and no other denial is',
  async (t) => {
    const world = await makeCompatWorld(t, undefinedElsewhere, { compat: { undefined: 'error' } });
    const { made } = await world.ask(http('GET', '/out'));
    const failure = compatFailure(made.decision, world.config);
    t.is(failure?.code, 2);
    t.regex(failure?.details ?? '', /undefined/);
    t.is(made.decision.outcome, 'deny', 'and it is recorded as the denial that it is');
    const late = await world.decide(
      extAuthzDoor(world.config).build(
        decodeCheckRequestJson(http('GET', '/in')),
        world.pep('envoy'),
        undefined,
      ),
      { timing: { deadline: -1 } },
    );
    t.is(compatFailure(late.decision, world.config)?.code, 4);
    const denied = await world.ask({
      attributes: {
        source: { certificate: encodeURIComponent((await world.leaf('meter/disabled')).pem) },
        request: { http: { method: 'GET', path: '/out' } },
      },
    });
    t.true(denied.made.decision.reasons.some(({ code }) => code === 'policy.undefined'));
    t.is(compatFailure(denied.made.decision, world.config), undefined, 'the floor denies too');
    const usual = await makeCompatWorld(t, undefinedElsewhere);
    t.is(compatFailure((await usual.ask(http('GET', '/out'))).made.decision, usual.config), undefined);
  },
);

withOpa(
  'no policy opens to a presented certificate that the floor refuses, and the denial is ours',
  async (t) => {
    const world = await makeCompatWorld(
      t,
      'package envoy.authz\n\nallow := {"allowed": true, "headers": {"x-a": "1"}}\n',
    );
    const showing = async (pem: string) =>
      world.ask({
        attributes: {
          source: { certificate: encodeURIComponent(pem) },
          request: { http: { method: 'GET', path: '/in' } },
        },
      });
    const good = await showing((await world.leaf('meter/1')).pem);
    t.is(good.answer.status.code, 0);
    t.is(headersIn(good.answer.ok_response?.headers)['x-portreeve-assurance']?.[0], 'device_proved');
    const expired = await world.leaf('meter/1', { notBefore: worldTime - 9e8, notAfter: worldTime - 1000 });
    for (const [pem, code] of [
      [expired.pem, 'credential.expired'],
      [(await world.leaf('meter/lost')).pem, 'inventory.lost_or_stolen'],
    ] as const) {
      const { answer, made } = await showing(pem);
      t.is(answer.status.code, 7);
      t.is(made.decision.reasons[0]?.code, code);
      t.is(made.decision.obligations.response, undefined);
      t.regex(answer.denied_response?.body ?? '', /decision_id/);
      t.is(answer.ok_response, undefined);
    }
  },
);

withOpa('where the floor denies as well, the policy’s own denial is not told', async (t) => {
  const world = await makeCompatWorld(t, byPath);
  const { answer, made } = await world.ask({
    attributes: {
      source: { certificate: encodeURIComponent((await world.leaf('meter/lost')).pem) },
      request: { http: { method: 'GET', path: '/full' } },
    },
  });
  t.is(made.verdict?.response?.body, 'no berth');
  t.is(made.decision.obligations.response, undefined);
  t.notRegex(answer.denied_response?.body ?? '', /no berth/);
});

withOpa(
  'without a certificate nobody passes unless that is named, for all policies or for those of the plugin',
  async (t) => {
    const codes = async (compat: object, configure?: (document: { trust: object }) => void) => {
      const world = await makeCompatWorld(t, byPath, {
        compat,
        ...(configure && { configure: configure as never }),
      });
      const { answer, made } = await world.ask(http('GET', '/in'));
      return [answer.status.code, made.decision.reasons[0]?.code, made.input?.credential_optional];
    };
    t.deepEqual(await codes({ credential_optional: false }), [16, 'identity.no_credential', false]);
    t.deepEqual(await codes({ credential_optional: true }), [0, 'policy.ok', true]);
    t.deepEqual(
      await codes({ credential_optional: false }, (document) =>
        Object.assign(document.trust, { credential_optional: true }),
      ),
      [0, 'policy.ok', true],
    );
  },
);

withOpa('our facts are under input.portreeve, so that a rule moves alone', async (t) => {
  const world = await makeCompatWorld(
    t,
    `package envoy.authz

import input.portreeve as facts

default allow := false

allow if {
	input.parsed_path == ["readings"]
	facts.device_class == "meter"
	facts.device_status == "active"
	facts.assurance == "device_proved"
	not "quarantine" in facts.device_tags
}
`,
  );
  const { pem } = await world.leaf('meter/1');
  const { answer, made } = await world.ask({
    attributes: {
      source: { certificate: encodeURIComponent(pem) },
      request: { http: { method: 'POST', path: '/readings' } },
    },
  });
  t.is(answer.status.code, 0);
  t.is(made.input?.device_class, 'meter');
  const { pem: other } = await world.leaf('camera/2', { issuer: 'cameras' });
  const second = await world.ask({
    attributes: {
      source: { certificate: encodeURIComponent(other) },
      request: { http: { method: 'POST', path: '/readings' } },
    },
  });
  t.is(second.answer.status.code, 7);
});

withOpa('a request that cannot be parsed is told so with 400, as the plugin tells it', async (t) => {
  const { ask } = await makeCompatWorld(t, byPath);
  const { answer, made } = await ask(
    http('POST', '/in', { headers: { 'content-type': 'application/json' }, body: '{' }),
  );
  t.is(made.decision.reasons[0]?.code, 'system.input_invalid');
  t.is(answer.status.code, 7);
  t.is(answer.denied_response?.status.code, 400);
  t.is(answer.denied_response?.body, 'request_parse_error: the text is not JSON');
});

withOpa('a network connection is asked about as an empty request, and answered without HTTP', async (t) => {
  const { ask } = await makeCompatWorld(
    t,
    `package envoy.authz

default allow := {"allowed": false, "body": "no", "dynamic_metadata": {"why": "not here"}}

allow := {"allowed": true, "headers": {"x-a": "1"}} if {
	input.parsed_path == [""]
	input.parsed_query == {}
	input.parsed_body == null
	not input.attributes.request
	input.attributes.tlsSession.sni == "mqtt.harbour.example"
}
`,
  );
  const of = (sni: string) => ({ attributes: { tlsSession: { sni } } });
  const yes = await ask(of('mqtt.harbour.example'));
  t.is(yes.answer.status.code, 0);
  t.is(yes.answer.ok_response, undefined);
  const no = await ask(of('else.harbour.example'));
  t.is(no.answer.status.code, 7);
  t.is(no.answer.denied_response, undefined);
  t.deepEqual(no.answer.dynamic_metadata?.fields?.['why'], { stringValue: 'not here' });
});

withOpa('a native request is asked about as a network connection', async (t) => {
  const world = await makeCompatWorld(
    t,
    `package envoy.authz

default allow := false

allow if {
	input.parsed_path == [""]
	input.attributes.source.address.socketAddress.address == "10.20.0.7"
	input.portreeve.door == "native"
}
`,
  );
  const request = { authenticated_by: 'AUTHENTICATED_BY_NONE', source_ip: '10.20.0.7' };
  const built = decisionServiceDoor(world.config).build(request, world.pep('envoy'), undefined);
  const made = await world.decide(built);
  t.is(made.decision.outcome, 'allow', JSON.stringify(made.decision.reasons));
});

withOpa(
  'a denial that is not enforced passes with its metadata and nothing else of the policy’s, as a dry run',
  async (t) => {
    const { ask } = await makeCompatWorld(
      t,
      'package envoy.authz\n\nallow := {"allowed": false, "headers": {"x-a": "1"}, "body": "no", "dynamic_metadata": {"m": 1}}\n',
      {
        configure: (document) => {
          document.enforcement = {
            observe: [{ pep: 'envoy', until: new Date(worldTime + 3_600_000).toISOString() }],
          };
        },
      },
    );
    const { answer, made } = await ask(http('GET', '/'));
    t.is(made.decision.outcome, 'deny');
    t.is(answer.status.code, 0);
    t.is(headersIn(answer.ok_response?.headers)['x-a'], undefined);
    t.deepEqual(answer.dynamic_metadata?.fields?.['m'], { numberValue: 1 });
  },
);

withOpa('no client’s word under our names reaches the upstream of a bare yes', async (t) => {
  const { ask } = await makeCompatWorld(t, byPath);
  const { answer } = await ask(http('GET', '/in', { headers: { 'x-portreeve-device': 'admin' } }));
  t.true(answer.ok_response?.headers_to_remove.includes('x-portreeve-device'));
});

test('a decision of our own policies is none of the plugin’s answers', async (t) => {
  const decision = { obligations: { entitlements: [], headers: {}, session_limit_s: null }, reasons: [] };
  t.is(encodeCompat({ decision: decision as never, facts: null }, 'ext_authz_http'), undefined);
});

/** Concludes a record again by what a world is made of. */
function again(world: CompatWorld, record: AuditRecord): Replay {
  return concludeAgain(record, {
    engine: world.deps.policy(),
    settings: world.config,
    trust: world.deps.trust,
    crl: (digest) => {
      const bytes = world.crlBytes(digest);
      return bytes && parseCrl(bytes);
    },
    program: world.deps.program,
  });
}

const byBody = `package envoy.authz

allow := {"allowed": true, "dynamic_metadata": {"at": time.now_ns()}} if input.parsed_body.serial == 9007199254740993

allow := {"allowed": false, "http_status": 409, "body": told} if input.parsed_body.serial == 9007199254740992

told := sprintf("berth %v is taken", [input.parsed_body.berth])
`;

withOpa('a record holds what the policy saw and answered, and gives the same decision again', async (t) => {
  const world = await makeCompatWorld(t, byBody);
  const post = (body: string) =>
    world.ask(http('POST', '/x', { headers: { 'content-type': 'application/json' }, body }));
  const yes = await post('{"serial": 9007199254740993}');
  t.is(yes.answer.status.code, 0, 'an integer above 2^53 is that integer');
  const no = await post('{"serial": 9007199254740992, "berth": 7}');
  t.is(no.answer.denied_response?.status.code, 409);
  t.is(no.answer.denied_response?.body, 'berth 7 is taken');
  for (const { record, made } of [yes, no]) {
    t.is(record.document?.cut.length, 0);
    t.deepEqual(derivedDifferences(record), []);
    const replay = again(world, record);
    t.deepEqual([replay.missing, replay.differences], [[], []]);
    t.deepEqual(replay.decision?.obligations, made.decision.obligations);
  }
  const tampered = {
    ...no.record,
    document: { ...no.record.document, text: yes.record.document?.text ?? '' },
  };
  t.regex(again(world, tampered as AuditRecord).missing.join(), /document, of another digest/);
});

withOpa(
  'a document above the limit is cut by name, and its decision is not concluded again from less',
  async (t) => {
    const world = await makeCompatWorld(t, byPath, { compat: { record_bytes: 400 } });
    const body = JSON.stringify({ filling: 'x'.repeat(300) });
    const { record, answer } = await world.ask(
      http('POST', '/in', { headers: { 'content-type': 'application/json' }, body }),
    );
    t.is(answer.status.code, 0, 'the policy saw all of it');
    t.deepEqual(record.document?.cut, ['attributes.request.http.body', 'parsed_body']);
    t.true((record.document?.bytes ?? 0) > 700);
    t.notRegex(record.document?.text ?? '', /filling/);
    const replay = again(world, record);
    t.false(replay.same);
    t.regex(replay.missing.join(), /cut: attributes\.request\.http\.body, parsed_body/);

    const none = await makeCompatWorld(t, byPath, { compat: { record_bytes: 0 } });
    const empty = (await none.ask(http('GET', '/in?token=secret'))).record;
    t.notRegex(JSON.stringify(empty.document), /secret/);
    t.true((empty.document?.cut.length ?? 0) > 0);
  },
);

withOpa('a policy of the other kind is refused by name', async (t) => {
  const world = await makeCompatWorld(t, byPath, {
    configure: (document) => Object.assign(document.policy as object, { compat: null }),
  });
  const made = await world.decide(world.connect({ shows: await world.leaf('meter/1') }));
  t.is(made.decision.reasons[0]?.code, 'policy.bundle_missing');
  const other = await makeCompatWorld(t, byPath, {
    configure: (document) => Object.assign(document.policy as object, { bundle: null }),
  });
  const { made: second } = await other.ask(http('GET', '/in'));
  t.is(second.decision.reasons[0]?.code, 'policy.bundle_missing');
  t.is(buildRecord(second).document?.cut.length, 0);
});
