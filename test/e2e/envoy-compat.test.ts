import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stretched, stretchedBudget } from '../helpers/behind-envoy.ts';
import { pluginBundle } from '../helpers/compat.ts';
import { request, startEnvoy } from '../helpers/live-envoy.ts';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { opa } from '../helpers/policies.ts';
import { findEnvoy, until } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

const envoy = findEnvoy();
const withBoth = needing(envoy.lack ?? opa.lack, { serial: true });

const harbour = `package envoy.authz

import input.attributes.request.http as asked

default allow := {
	"allowed": false,
	"http_status": 302,
	"headers": {"location": "https://harbour.example/register", "x-why": ["no", "berth"]},
	"body": "register first",
	"dynamic_metadata": {"berth": "none"},
}

allow := {
	"allowed": true,
	"headers": {"x-berth": sprintf("%03d", [input.parsed_body.berth]), "x-crew": "replaced"},
	"request_headers_to_remove": ["x-purse"],
	"response_headers_to_add": {"x-tide": ["high", "spring"]},
	"query_parameters_to_set": {"lane": "north"},
	"query_parameters_to_remove": ["debug"],
	"dynamic_metadata": {"berth": "seven"},
} if {
	asked.method == "POST"
	input.parsed_path == ["berths", "new"]
	input.parsed_query.tide == ["in"]
	input.parsed_body.ship == input.portreeve.device_id
	input.portreeve.assurance == "device_proved"
}
`;

async function startUpstream(t: ExecutionContext) {
  const requests: IncomingMessage[] = [];
  const server = createServer((incoming, answer) => {
    requests.push(incoming);
    answer.end('from the service');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, requests };
}

withBoth(
  'through a real Envoy: a policy for opa-envoy-plugin says headers, query, body, status and metadata, under our floor',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1', 'meter-2'], { change: stretchedBudget });
    appendFileSync(
      fleet.configFile,
      `policy: { bundle: ${JSON.stringify(pluginBundle({ rego: harbour }))}, compat: opa-envoy }\n`,
    );
    const upstream = await startUpstream(t);
    await fleet.serve();
    const proxy = await startEnvoy(t, envoy.path, 'http.yaml', fleet, upstream.port, (text) =>
      stretched(text)
        .replace(
          'validate_mutations: true',
          'validate_mutations: true\n                      with_request_body: { max_request_bytes: 8192 }',
        )
        .replace(
          'reason: "%DYNAMIC',
          'berth: "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:berth)%"\n                          reason: "%DYNAMIC',
        ),
    );
    const meter = await fleet.device('meter-1');
    const body = '{"ship": "meter-1", "berth": 7}';
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      'x-crew': 'own',
      'x-purse': 'full',
      'x-portreeve-device': 'admin',
    };
    const asked = { line: 'POST /berths/new?tide=in&debug=1&lane=south', body };
    const allowed = await until('the device is let in', async () => {
      const answer = await request(proxy.port, meter, headers, undefined, asked);
      return answer.status === 200 ? answer : undefined;
    });
    t.regex(allowed.text, /x-tide: high\r\n(.*\r\n)*x-tide: spring\r\n/);
    const reached = upstream.requests.at(-1) as IncomingMessage;
    t.is(reached.headers['x-berth'], '007');
    t.is(reached.headers['x-crew'], 'replaced');
    t.is(reached.headers['x-purse'], undefined);
    t.is(reached.headers['x-portreeve-device'], 'meter-1');
    const target = new URL(reached.url ?? '', 'http://service');
    t.deepEqual(
      [...target.searchParams].sort(([a], [b]) => (a < b ? -1 : 1)),
      [
        ['lane', 'north'],
        ['tide', 'in'],
      ],
    );

    const denied = await request(proxy.port, meter);
    t.is(denied.status, 302);
    t.is(denied.headers.get('location'), 'https://harbour.example/register');
    t.regex(denied.text, /register first/);

    const records = () =>
      readFileSync(join(fleet.folder, 'records.ndjson'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { readonly decision_id: string; readonly outcome: string });
    for (const [outcome, berth] of [
      ['allow', 'seven'],
      ['deny', 'none'],
    ] as const) {
      const logged = await until('it is in the access log', () =>
        proxy.accessLog().find((line) => line['berth'] === berth),
      );
      const record = await until('and recorded', () =>
        records().find((one) => one.decision_id === logged['decision_id']),
      );
      t.is(record.outcome, outcome);
      const file = join(fleet.folder, `${outcome}.json`);
      writeFileSync(file, JSON.stringify(record));
      const replayed = fleet.cli(['decide', '--replay', file]);
      t.is(replayed.code, 0, `${replayed.stdout}${replayed.stderr}`);
    }

    // The floor stays above: a revoked certificate is denied in our words, whatever the policy says.
    const second = await fleet.device('meter-2');
    t.is(fleet.cli(['crl', 'import', await fleet.crl([second.serial]), '--why', 'stolen']).code, 0);
    const revoked = await request(proxy.port, second, headers, undefined, {
      ...asked,
      body: body.replace('meter-1', 'meter-2'),
    });
    t.is(revoked.status, 403);
    t.regex(revoked.text, /decision_id/);

    // Nobody without a certificate passes, and what cannot be parsed is told so.
    t.is((await request(proxy.port, undefined, headers, undefined, asked)).status, 302);
    const garbled = await request(proxy.port, meter, { ...headers, 'content-length': '1' }, undefined, {
      ...asked,
      body: '{',
    });
    t.is(garbled.status, 400);
    t.regex(garbled.text, /request_parse_error/);
  },
);
