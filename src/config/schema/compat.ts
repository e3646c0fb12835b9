import { choice, flag, integer, path, section, text, type Schema } from './keys.ts';

/** Keys of `policy` that say for whom a policy was written. */
export const compatKeys: Readonly<Record<string, Schema>> = {
  compat: {
    ...choice(
      'Whose input and results the policy was written for: `opa-envoy` = those of opa-envoy-plugin, null = our own.',
      { default: null, example: 'opa-envoy' },
      [],
    ),
    enum: ['opa-envoy', null],
  },
  path: {
    ...text(
      'With `compat`: the rule that is asked, as the plugin names it; the bundle must have been built with it as an entrypoint.',
      { default: 'envoy/authz/allow', example: 'envoy/authz/allow' },
    ),
    pattern: '^[^/\\u0000-\\u001f\\u007f]+(/[^/\\u0000-\\u001f\\u007f]+)*$',
  },
};

/** `compat`: how a policy written for opa-envoy-plugin is asked and answered for. */
export const compat = section(
  'With `policy.compat` alone: how a policy that was written for another program is asked, and answered for.',
  {
    undefined: choice(
      'What an undefined decision, and an error in the policy, become: `deny` = a denial with its reason, `error` = a failed call as the plugin has it, which a proxy may be configured to let through.',
      { default: 'deny', example: 'deny' },
      ['deny', 'error'],
    ),
    credential_optional: flag(
      'A connection without any certificate is not denied for that alone; every such allow says so and is counted.',
      { default: false, example: false },
    ),
    skip_request_body_parse: flag(
      'Leave `parsed_body` and `truncated_body` out of the input, as `skip-request-body-parse` does.',
      { default: false, example: false },
    ),
    proto_descriptor: path(
      'Descriptor set (`protoc --descriptor_set_out`) by which bodies of gRPC requests are read; null = they are not.',
      { default: null, example: 'policy/services.pb' },
    ),
    record_bytes: integer(
      'Most bytes of the input that a record holds; above, bodies and then headers are cut and named, and such a decision cannot be replayed.',
      { default: 65_536, example: 65_536 },
      0,
      1_048_576,
    ),
  },
);
