import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { root } from '../../helpers/source-files.ts';

/** The parts of a file of `examples/envoy` that say what becomes of a call that is not answered. */
interface Example {
  readonly static_resources: {
    readonly listeners: readonly [
      { readonly filter_chains: readonly [{ readonly filters: readonly Filter[] }] },
    ];
    readonly clusters: readonly {
      readonly name: string;
      readonly connect_timeout?: string;
      readonly load_assignment: {
        readonly endpoints: readonly { readonly lb_endpoints: readonly object[] }[];
      };
    }[];
  };
}

interface Filter {
  readonly name: string;
  readonly typed_config: {
    readonly http_filters?: readonly Filter[];
    readonly failure_mode_allow?: boolean;
    readonly grpc_service?: {
      readonly envoy_grpc: { readonly cluster_name: string };
      readonly timeout: string;
      readonly retry_policy: {
        readonly retry_host_predicate: readonly Filter[];
        readonly [field: string]: unknown;
      };
    };
  };
}

for (const name of ['http.yaml', 'l4.yaml']) {
  const { static_resources: example } = parse(
    readFileSync(join(root, 'examples/envoy', name), 'utf8'),
  ) as Example;
  const [{ filter_chains: chains }] = example.listeners;
  const filters = chains[0].filters.flatMap((one) => [one, ...(one.typed_config.http_filters ?? [])]);
  const [authorization, another] = filters.filter((one) => one.name.endsWith('.ext_authz'));

  test(`${name}: a call that fails is tried twice more, after 5 ms and elsewhere, within the 200 ms that all tries have`, (t) => {
    const service = authorization?.typed_config.grpc_service;
    if (!service) throw new Error('no service is asked');
    t.is(another, undefined);
    t.is(service.envoy_grpc.cluster_name, 'portreeve');
    t.is(service.timeout, '0.2s');
    // Tests under load stretch these times (test/helpers/behind-envoy.ts): what ships is held here, to the letter.
    const { retry_host_predicate: predicates, ...policy } = service.retry_policy;
    t.deepEqual(policy, {
      retry_on: 'unavailable,reset,connect-failure,refused-stream',
      num_retries: 2,
      retry_back_off: { base_interval: '0.005s', max_interval: '0.1s' },
      host_selection_retry_max_attempts: 20,
    });
    t.deepEqual(
      predicates.map((one) => one.name),
      ['envoy.retry_host_predicates.previous_hosts'],
    );
  });

  test(`${name}: without an answer nothing passes, and two endpoints are asked, so that there is an elsewhere`, (t) => {
    t.is(authorization?.typed_config.failure_mode_allow, false);
    const [cluster] = example.clusters.filter((one) => one.name === 'portreeve');
    t.is(cluster?.load_assignment.endpoints.flatMap((one) => one.lb_endpoints).length, 2);
    t.is(cluster?.connect_timeout, '0.1s');
  });
}
