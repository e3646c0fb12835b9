/*
 * What opa-envoy-plugin's own documentation shows that its policies can do, each feature with a policy of ours:
 * quick start, the tutorials (standalone, Istio, Gloo Edge), the primer, performance, debugging, and gRPC bodies.
 */
import { headersIn, hs256, http, makeCompatWorld } from '../../helpers/compat.ts';
import type { CompatPolicy } from '../../helpers/compat.ts';
import { withOpa } from '../../helpers/policies.ts';
import { worldTime } from '../../helpers/world.ts';

const now = worldTime / 1000;
const secret = 'open sesame';
const sub = Buffer.from('Mara').toString('base64url');
const tokens = {
  visitor: hs256({ role: 'visitor', sub, nbf: now - 60, exp: now + 60 }, secret),
  keeper: hs256({ role: 'keeper', sub, nbf: now - 60, exp: now + 60 }, secret),
  late: hs256({ role: 'keeper', sub, nbf: now - 120, exp: now - 60 }, secret),
  early: hs256({ role: 'keeper', sub, nbf: now + 60, exp: now + 120 }, secret),
  forged: hs256({ role: 'keeper', sub, nbf: now - 60, exp: now + 60 }, 'guessed'),
};
const bearer = (name: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[name]}` });
const json = { 'content-type': 'application/json' };
const berth = (ship: string) => JSON.stringify({ ship, berth: 7 });

/** Role and times from a token, paths by glob, a field of the body against the token. */
const harbour = `
bearer_token := token if {
	[kind, token] := split(http_request.headers.authorization, " ")
	lower(kind) == "bearer"
}

claims := payload if {
	[verified, _, payload] := io.jwt.decode_verify(bearer_token, {"secret": "open sesame"})
	verified
}

in_time if {
	seconds := time.now_ns() / 1000000000
	claims.nbf <= seconds
	seconds < claims.exp
}

may if {
	http_request.method == "GET"
	claims.role in {"visitor", "keeper"}
	glob.match("/berths*", [], http_request.path)
}

may if {
	http_request.method == "POST"
	claims.role == "keeper"
	glob.match("/berths", ["/"], http_request.path)
	lower(input.parsed_body.ship) != lower(base64url.decode(claims.sub))
}
`;

const harbourYesNo = `package envoy.authz

import input.attributes.request.http as http_request

default allow := false

allow if {
	in_time
	may
}
${harbour}`;

withOpa('a token’s role and times, the path and the body decide, as in the quick start', async (t) => {
  const { ask } = await makeCompatWorld(t, harbourYesNo);
  const code = async (request: object) => (await ask(request)).answer.status.code;
  t.is(await code(http('GET', '/berths/7', { headers: bearer('visitor') })), 0);
  t.is(await code(http('GET', '/berths/7', { headers: bearer('keeper') })), 0);
  t.is(await code(http('GET', '/cranes', { headers: bearer('keeper') })), 7);
  t.is(await code(http('GET', '/berths/7')), 7);
  for (const token of ['late', 'early', 'forged'] as const) {
    t.is(await code(http('GET', '/berths', { headers: bearer(token) })), 7, token);
  }
  const post = (token: keyof typeof tokens, ship: string) =>
    http('POST', '/berths', { headers: { ...bearer(token), ...json }, body: berth(ship) });
  t.is(await code(post('visitor', 'Cutter')), 7);
  t.is(await code(post('keeper', 'Cutter')), 0);
  t.is(await code(post('keeper', 'MARA')), 7, 'the body is compared with the token');
});

const harbourResult = `package envoy.authz

import input.attributes.request.http as http_request

default allow := false

allow if {
	in_time
	may
}
${harbour}
headers["x-checked-by"] := "harbour master"
headers["x-berth"] := "open"

request_headers_to_remove := ["x-crew", "x-purse"]

response_headers_to_add["x-tide"] := "high"

query_parameters_to_set := {"role": claims.role, "lane": ["north", "east"]}

query_parameters_to_remove := ["debug"]

http_status := 200 if {
	allow
} else := 401 if {
	not in_time
} else := 403

body := "show a token" if http_status == 401
body := "not for you" if http_status == 403

dynamic_metadata := {"pilot": "none", "depth": 11.5, "lights": [true, null], "crew": {"size": 3}}

result["allowed"] := allow
result["headers"] := headers
result["response_headers_to_add"] := response_headers_to_add
result["request_headers_to_remove"] := request_headers_to_remove
result["query_parameters_to_set"] := query_parameters_to_set
result["query_parameters_to_remove"] := query_parameters_to_remove
result["body"] := body
result["http_status"] := http_status
result["dynamic_metadata"] := dynamic_metadata
`;

withOpa('an object says headers, body, status, query and metadata as well, as in the primer', async (t) => {
  const { ask } = await makeCompatWorld(t, { rego: harbourResult, path: 'envoy/authz/result' });
  const yes = await ask(http('GET', '/berths', { headers: bearer('visitor') }));
  t.is(yes.answer.status.code, 0);
  const ok = yes.answer.ok_response;
  const sent = headersIn(ok?.headers);
  t.deepEqual([sent['x-checked-by'], sent['x-berth']], [['harbour master'], ['open']]);
  t.deepEqual(headersIn(ok?.response_headers_to_add), { 'x-tide': ['high'] });
  t.deepEqual(ok?.headers_to_remove.slice(-2), ['x-crew', 'x-purse']);
  t.deepEqual(ok?.query_parameters_to_set, [
    { key: 'lane', value: 'north' },
    { key: 'lane', value: 'east' },
    { key: 'role', value: 'visitor' },
  ]);
  t.deepEqual(ok?.query_parameters_to_remove, ['debug']);
  t.deepEqual(yes.answer.dynamic_metadata?.fields, {
    crew: { structValue: { fields: { size: { numberValue: 3 } } } },
    decision_id: { stringValue: yes.made.decision.decision_id },
    depth: { numberValue: 11.5 },
    lights: { listValue: { values: [{ boolValue: true }, { nullValue: 'NULL_VALUE' }] } },
    pilot: { stringValue: 'none' },
  });

  const nobody = await ask(http('GET', '/berths'));
  t.is(nobody.answer.status.code, 7);
  t.is(nobody.answer.denied_response?.status.code, 401);
  t.is(nobody.answer.denied_response?.body, 'show a token');
  t.deepEqual(headersIn(nobody.answer.denied_response?.headers), {
    'x-berth': ['open'],
    'x-checked-by': ['harbour master'],
  });
  const other = await ask(http('GET', '/cranes', { headers: bearer('visitor') }));
  t.is(other.answer.denied_response?.status.code, 403);
  t.is(other.answer.denied_response?.body, 'not for you');
  t.deepEqual(other.answer.dynamic_metadata?.fields?.['pilot'], { stringValue: 'none' });
});

const roles = {
  v1: `package istio.authz

import input.attributes.request.http as asked

default allow := false

allow if {
	input.parsed_path[0] == "health"
	asked.method == "GET"
}

allow if {
	some role in crew[person]
	some right in rights[role]
	right.method == asked.method
	right.path == asked.path
}

person := name if {
	[_, encoded] := split(asked.headers.authorization, " ")
	[name, _] := split(base64url.decode(encoded), ":")
}

crew := {"olga": ["deck"], "piet": ["bridge"]}

rights := {
	"deck": [{"method": "GET", "path": "/hold"}],
	"bridge": [{"method": "GET", "path": "/hold"}, {"method": "POST", "path": "/course"}],
}
`,
  v0: `package istio.authz

import input.attributes.request.http as asked

default allow = false

allow {
	roles_of_person[role]
	roles_needed[role]
}

roles_of_person[role] {
	role := crew[person][_]
}

roles_needed[role] {
	right := rights[role][_]
	right.method == asked.method
	right.path == asked.path
}

person = name {
	[_, encoded] := split(asked.headers.authorization, " ")
	[name, _] := split(base64url.decode(encoded), ":")
}

crew = {"olga": ["deck"], "piet": ["bridge"]}

rights = {
	"deck": [{"method": "GET", "path": "/hold"}],
	"bridge": [{"method": "GET", "path": "/hold"}, {"method": "POST", "path": "/course"}],
}
`,
};

for (const [version, rego] of Object.entries(roles)) {
  withOpa(
    `roles of a user by Basic authentication, in Rego ${version}, as in the tutorial for Istio`,
    async (t) => {
      const policy: CompatPolicy = { rego, path: 'istio/authz/allow', v0: version === 'v0' };
      const { ask } = await makeCompatWorld(t, policy);
      const as = (name: string) => ({
        headers: { authorization: `Basic ${Buffer.from(`${name}:secret`).toString('base64')}` },
      });
      const code = async (request: object) => (await ask(request)).answer.status.code;
      t.is(await code(http('GET', '/hold', as('olga'))), 0);
      t.is(await code(http('POST', '/course', as('olga'))), 7);
      t.is(await code(http('POST', '/course', as('piet'))), 0);
      t.is(await code(http('GET', '/hold', as('nobody'))), 7);
      t.is(await code(http('GET', '/health')), version === 'v1' ? 0 : 7);
    },
  );
}

withOpa(
  'a request that names no path is asked about all the same, as in the tutorial for Gloo Edge',
  async (t) => {
    const { ask } = await makeCompatWorld(
      t,
      `package envoy.authz

import input.attributes.request.http as http_request

default allow := false

allow if http_request.method == "GET"
`,
    );
    const bare = (method: string) => ({ attributes: { request: { http: { method } } } });
    t.is((await ask(bare('GET'))).answer.status.code, 0);
    t.is((await ask(bare('POST'))).answer.status.code, 7);
  },
);

withOpa('a policy that says yes to all is asked for all, as in the performance page', async (t) => {
  const { ask } = await makeCompatWorld(t, 'package envoy.authz\n\ndefault allow := true\n');
  t.is((await ask(http('DELETE', '/everything'))).answer.status.code, 0);
});

const parsed = `package envoy.authz

default allow := false

allow if input.parsed_path == ["berths"]

allow if {
	input.parsed_path == ["ships", "large ones"]
	input.parsed_query.flag == ["no"]
	input.parsed_query.mast == ["2", "3"]
}

allow if {
	input.parsed_body.ship == "Mara"
	input.parsed_body.cargo[1].tons == 12
}
`;

withOpa('path, query and body are there in parts, as in the primer', async (t) => {
  const { ask } = await makeCompatWorld(t, parsed);
  const code = async (request: object) => (await ask(request)).answer.status.code;
  t.is(await code(http('GET', '//berths?all')), 0);
  t.is(await code(http('GET', '/ships/large%20ones?flag=no&mast=2&mast=3')), 0);
  t.is(await code(http('GET', '/ships/large%20ones?flag=no&mast=3&mast=2')), 7);
  const body = '{"ship": "Mara", "cargo": [{}, {"tons": 12}]}';
  t.is(await code(http('POST', '/x', { headers: json, body })), 0);
  t.is(await code(http('POST', '/x', { headers: { 'content-type': 'text/plain' }, body })), 7);
});

withOpa('a body that is cut says so, and is not taken for the whole', async (t) => {
  const { ask } = await makeCompatWorld(
    t,
    'package envoy.authz\n\ndefault allow := false\n\nallow if not input.truncated_body\n',
  );
  const code = async (headers: Readonly<Record<string, string>>) =>
    (await ask(http('POST', '/x', { headers: { ...json, ...headers }, body: '{"a": 1}' }))).answer.status
      .code;
  t.is(await code({ 'content-length': '8' }), 0);
  t.is(await code({ 'content-length': '9' }), 7);
  t.is(await code({ 'x-envoy-auth-partial-body': 'true' }), 7);
});

withOpa('what Envoy’s own JWT filter verified comes as metadata, as in the primer', async (t) => {
  const { ask } = await makeCompatWorld(
    t,
    `package envoy.authz

default allow := false

verified := input.attributes.metadataContext.filterMetadata["envoy.filters.http.jwt_authn"].verified

allow if {
	verified.email == "mara@harbour.example"
	verified.exp > 1569026124
}
`,
  );
  const of = (email: string) => ({
    attributes: {
      metadataContext: {
        filterMetadata: { 'envoy.filters.http.jwt_authn': { verified: { email, exp: 1_900_000_000 } } },
      },
      request: { http: { method: 'GET', path: '/' } },
    },
  });
  t.is((await ask(of('mara@harbour.example'))).answer.status.code, 0);
  t.is((await ask(of('else@harbour.example'))).answer.status.code, 7);
});

withOpa('the document names its version, and the peer’s principal where there is one', async (t) => {
  const { ask } = await makeCompatWorld(
    t,
    `package envoy.authz

allow if {
	input.version == {"ext_authz": "v3", "encoding": "protojson"}
	input.source_principal == "spiffe://harbour.example/pilot"
}

default allow := false
`,
  );
  const from = (principal?: string) => ({
    attributes: {
      source: { ...(principal && { principal }) },
      request: { http: { method: 'GET', path: '/' } },
    },
  });
  t.is((await ask(from('spiffe://harbour.example/pilot'))).answer.status.code, 0);
  t.is((await ask(from())).answer.status.code, 7);
});

withOpa('a default of whole objects sends elsewhere whom no rule lets in', async (t) => {
  const { ask } = await makeCompatWorld(
    t,
    `package envoy.authz

default allow := {
	"allowed": false,
	"headers": {"location": "https://harbour.example/register", "x-why": ["no", "berth"]},
	"body": "register first",
	"http_status": 302,
	"dynamic_metadata": {"sent": "away"},
}

allow := {"allowed": true, "headers": [{"x-a": "1"}, {"x-b": ["2", "3"]}]} if input.parsed_path == ["in"]
`,
  );
  const away = await ask(http('GET', '/'));
  t.is(away.answer.denied_response?.status.code, 302);
  t.is(away.answer.denied_response?.body, 'register first');
  t.deepEqual(headersIn(away.answer.denied_response?.headers), {
    location: ['https://harbour.example/register'],
    'x-why': ['no', 'berth'],
  });
  const { header, ...rest } = away.answer.denied_response?.headers[0] ?? {};
  t.is(header?.key, 'location');
  t.deepEqual(rest, {}, 'neither append nor append_action is said');
  const inside = headersIn((await ask(http('GET', '/in'))).answer.ok_response?.headers);
  t.deepEqual([inside['x-a'], inside['x-b']], [['1'], ['2', '3']]);
});
