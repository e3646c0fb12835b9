import { classAttestation } from './attestation.ts';
import { choice, cidr, flag, list, name, namePattern, seconds, section, type Schema } from './keys.ts';

const firmwareHash: Schema = {
  type: 'string',
  pattern: '^([0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$',
  description: 'A firmware hash: SHA-256, SHA-384 or SHA-512 in lower-case hex.',
  examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
};

/** The form that versions are compared in; `inventory/firmware/version.ts` reads it. */
const versionPattern =
  '^[vV]?[0-9]{1,15}([.][0-9]{1,15}){0,7}(-[0-9A-Za-z-]{1,64}([.][0-9A-Za-z-]{1,64}){0,7})?([+][0-9A-Za-z.-]{1,64})?$';

/** They travel in a header as a list: visible ASCII without commas. */
const entitlement: Schema = {
  type: 'string',
  pattern: '^[!-+\\--~]{1,128}$',
  description: 'An entitlement: visible ASCII without commas or spaces.',
  examples: ['telemetry:write'],
};

const rules = section(
  'What is asked of devices of one class. These rules are data of the policy.',
  {
    assurance: choice(
      "Least assurance. `device_proved` refuses a gateway's word.",
      { default: 'device_proved', example: 'device_proved' },
      ['none', 'gateway_asserted', 'device_proved', 'attested'],
    ),
    binding: choice(
      'How strongly a certificate must be bound to the device: this `certificate`, this `key`, or any unrevoked certificate of the `issuers` with this device id.',
      { default: 'certificate', example: 'issuer' },
      ['certificate', 'key', 'issuer'],
    ),
    issuers: list(
      'CAs (anchors or intermediates) whose certificates count for binding `issuer`.',
      name('Name of an anchor or intermediate.', { example: 'meters-ca' }),
      { example: ['meters-ca'] },
    ),
    anchors: list(
      'Anchors under which devices of this class may be identified.',
      name('Name of an anchor.', { example: 'fleet-root' }),
      { min: 1, example: ['fleet-root'] },
    ),
    max_lifetime: seconds(
      'Longest lifetime (notBefore to notAfter) of a device certificate; null = not limited.',
      { default: null, example: '400d' },
      ['1m', '36500d'],
      'max_lifetime_s',
    ),
    renew_by_share: {
      type: ['number', 'null'],
      minimum: 0.01,
      maximum: 1,
      default: null,
      description:
        "Share of a certificate's lifetime after which its renewal is overdue, which warns (`credential.renewal_overdue`); null = not told. A device's `renewal_expected_by` counts beside it.",
      examples: [0.67],
    },
    firmware: section('Which firmware devices of this class may run.', {
      required: flag('A connection must say its firmware hash.', { default: false, example: true }),
      allowed: list(
        "Allowed hashes, beside those of the device's own record; empty = any that is not blocked.",
        firmwareHash,
        {
          max: 10_000,
        },
      ),
      blocked: list('Hashes that are denied whatever else allows them.', firmwareHash, { max: 10_000 }),
      minimum: {
        type: 'object',
        description:
          'Least version by product, as the firmware catalogue names products. These are the products of the class: what the catalogue approves of them may run, and a hash that nobody knows may not.',
        default: {},
        propertyNames: { pattern: '^[^\\u0000-\\u001f\\u007f]{1,128}$' },
        additionalProperties: {
          type: 'string',
          pattern: versionPattern,
          description: 'A version: numbers between dots, perhaps with a `-pre.release`.',
          examples: ['2.4.0'],
        },
        maxProperties: 100,
        examples: [{ 'meter-os': '2.4.0' }],
      },
      rollback: choice(
        'Of firmware of a lower version than the device was seen with before, by the catalogue.',
        { default: 'deny', example: 'accept' },
        ['deny', 'accept'],
      ),
    }),
    networks: list('Networks that these devices may connect from; empty = anywhere.', cidr, {
      example: ['10.20.0.0/16'],
    }),
    attestation: classAttestation,
    shared_use: choice(
      'What becomes of a device whose certificate or key is used in several places or by several devices (`shared_use`): told with `warn`, denied, or not told.',
      { default: 'warn', example: 'deny' },
      ['warn', 'deny', 'ignore'],
    ),
    clock_grace: seconds(
      "How long after the last trusted time devices of this class are decided about at the kept time, while the machine's clock cannot be trusted; null = never.",
      { default: null, example: '24h' },
      ['1m', '365d'],
      'clock_grace_s',
    ),
    grace: section(
      'How long known devices of this class go on with state that is older than its limit (`max_age` of `inventory.sources`; `max_age` and nextUpdate of CRLs). What is new since then, and what is revoked, never does.',
      {
        state: seconds(
          'From when the state is too old; null = not at all.',
          { default: null, example: '72h' },
          ['1m', '365d'],
          'state_s',
        ),
        sites: {
          type: 'object',
          description:
            'The same by site, in the place of `state`: the site of the device, else of its enforcement point.',
          default: {},
          additionalProperties: seconds('From when the state is too old.', { example: '30d' }, [
            '1m',
            '365d',
          ]),
          maxProperties: 1000,
          examples: [{ 'north-sea-4': '30d' }],
        },
      },
    ),
    entitlements: list('What an allowed device of this class may do, told to the PEP.', entitlement, {
      max: 64,
      example: ['telemetry:write'],
    }),
    ttl: seconds(
      'How long an allow is valid at most.',
      { default: '1h', example: '1h' },
      ['1s', '30d'],
      'ttl_s',
    ),
    session_limit: seconds(
      'Longest session that the PEP may keep open; null = not limited.',
      { default: null, example: '12h' },
      ['1s', '365d'],
      'session_limit_s',
    ),
  },
  { required: ['anchors'] },
);

/** `classes`: rules by class of device. */
export const classes: Schema = {
  type: 'object',
  description:
    'Rules by class of device, as the inventory names classes. A device of another class is denied.',
  default: {},
  propertyNames: { pattern: namePattern },
  additionalProperties: rules,
  maxProperties: 1000,
};
