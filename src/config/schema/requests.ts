import { choice, integer, list, seconds, section, type Schema } from './keys.ts';

const headerName = "^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$";

const sources: Readonly<Record<string, Schema>> = {
  header: {
    type: 'string',
    pattern: headerName,
    description: 'Name of a request header, lower-case.',
    examples: ['x-device-serial'],
  },
  context_extension: {
    type: 'string',
    minLength: 1,
    maxLength: 256,
    description: 'Key of the ext_authz `context_extensions`.',
    examples: ['device_id'],
  },
  metadata: {
    type: 'string',
    pattern: '^[^:]{1,128}:.{1,256}$',
    description: 'Envoy metadata as `namespace:key.key`.',
    examples: ['envoy.filters.http.jwt_authn:device.id'],
  },
};

const customSources: Readonly<Record<string, Schema>> = {
  ...sources,
  label: {
    type: 'string',
    minLength: 1,
    maxLength: 256,
    description: 'Label of a native request.',
    examples: ['line'],
  },
  inventory: {
    type: 'string',
    minLength: 1,
    maxLength: 256,
    description: "Column of the device's inventory record.",
    examples: ['purchase_order'],
  },
};

function source(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { ...section(description, properties), minProperties: 1, maxProperties: 1 };
}

const claim = (what: string): Schema =>
  list(
    `Where ext_authz requests carry ${what}; the first source that is present counts.`,
    source('One source; exactly one key.', sources),
    { max: 8, example: [{ header: 'x-device-serial' }] },
  );

/** `claims`: where ext_authz requests carry what is claimed about a device. */
export const claims = section('Where ext_authz requests carry claims. What is not mapped is not read.', {
  device_id: claim('the id of the device that a gateway speaks for'),
  serial: claim("the device's serial number"),
  firmware_hash: claim('the hash of the running firmware'),
  attestation: claim('the attestation token'),
});

/** `custom`: further facts for the policy. */
export const custom: Schema = {
  type: 'object',
  description:
    'Up to 32 further texts for the policy, by the name that the policy uses, each from exactly one source.',
  default: {},
  examples: [{ line: { label: 'line' } }],
  propertyNames: { pattern: '^[a-z][a-z0-9_]{0,63}$' },
  additionalProperties: source('Where the text comes from; exactly one key.', customSources),
  maxProperties: 32,
};

const status = (what: string, example: number): Schema =>
  integer(`HTTP status ${what}. Changes the status only, never an outcome.`, { example }, 400, 599);

/** `wire`: what denials look like on the wire. */
export const wire = section('What denials look like on the wire.', {
  statuses: section(
    'HTTP statuses by row of the status table; without a key the table in the wire contract holds.',
    {
      no_credential: status('where no credential came', 401),
      denied: status('of a denial about the device', 403),
      unavailable: status('of a denial whose cause is ours', 503),
    },
  ),
  retry_after: section(
    '`Retry-After` of a denial whose cause is ours: a random whole number of seconds between the two.',
    {
      min: seconds('Shortest.', { default: '5s', example: '5s' }, ['1s', '1h']),
      max: seconds('Longest.', { default: '30s', example: '30s' }, ['1s', '1h']),
    },
  ),
  overload: choice(
    'What a call is answered that is not begun for want of time: a `denial` like any other with a cause of ours, or the gRPC error `unavailable`, so that its PEP tries elsewhere. **A PEP that lets pass what it gets no answer for (Envoy: `failure_mode_allow: true`) lets pass whatever is shed with `unavailable`.**',
    { default: 'denial', example: 'denial' },
    ['denial', 'unavailable'],
  ),
});
