import { choice, flag, list, name, path, section, seconds, span, text, type Schema } from './keys.ts';
import { paceKeys, urlKeys } from './sources.ts';

const algorithm: Schema = {
  type: 'string',
  enum: ['ES256', 'ES384', 'EdDSA'],
  description: 'A signature algorithm; EdDSA is Ed25519.',
  examples: ['ES256'],
};

const knownProfiles = [
  'tag:ietf.org,2026:rats/ear#03',
  'tag:ietf.org,2026:rats/ear#04',
  'tag:github.com,2023:veraison/ear',
  'tag:github.com,2024:confidential-containers/Trustee',
];

const profile: Schema = {
  type: 'string',
  enum: knownProfiles,
  description: 'An `eat_profile`.',
  examples: ['tag:github.com,2023:veraison/ear'],
};

const thumbprint: Schema = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'RFC 7638 thumbprint of a key, SHA-256 in base64url.',
  examples: ['NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'],
};

const keys = section(
  'Where its public keys are published: a JWK Set, a single JWK, or the discovery document of Veraison. Exactly one of `file` and `url`.',
  {
    file: path('File of its keys; read again when it changes.', {
      default: null,
      example: 'verifiers/lab.jwks',
    }),
    ...urlKeys('https://verifier.example.org/.well-known/jwks.json'),
    ...paceKeys({ what: 'keys', example: 'verifiers/lab.jwks', interval: '1h', maxBytes: 262_144 }),
    overlap: span(
      'For how long a key that vanished from its set is still accepted, so that results it signed need not be fetched anew. 0s = not at all.',
      { default: '24h', example: '24h' },
      ['0s', '90d'],
    ),
    blocked: list('Keys that are accepted no more, whoever publishes them.', thumbprint, { max: 64 }),
  },
);

const firmware = section(
  'Where its results say which firmware was measured; without it they say nothing of firmware.',
  {
    submod: text('Label of the appraisal; null = the only one.', { default: null, example: 'platform' }, 128),
    pointer: {
      type: 'string',
      pattern: '^(/[^/]{0,128}){1,16}$',
      description:
        'JSON pointer (RFC 6901) from the appraisal to the hash: SHA-256, SHA-384 or SHA-512 in hex or base64.',
      examples: ['/ear.veraison.annotated-evidence/psa-software-components/0/measurement-value'],
    },
  },
  { required: ['pointer'], nullable: true },
);

const verifier = section(
  'One verifier.',
  {
    name: name('Name that decisions and records use for it.', { example: 'lab' }),
    keys,
    algorithms: list('Algorithms that it may sign with.', algorithm, { min: 1, max: 3, example: ['ES256'] }),
    profiles: list('Profiles that its results may have; empty = every one that is understood.', profile, {
      max: 16,
      example: ['tag:github.com,2023:veraison/ear'],
    }),
    issuer: text('What `iss` must say; null = anything.', {
      default: null,
      example: 'https://verifier.example.org',
    }),
    developer: text("What the verifier id's `developer` must say; null = anything.", {
      default: null,
      example: 'https://veraison-project.org',
    }),
    build: text("What the verifier id's `build` must say; null = anything.", {
      default: null,
      example: 'vts 0.0.1',
    }),
    max_age: span(
      'A result that was issued longer ago does not count, whatever it says of its end.',
      { default: '24h', example: '24h' },
      ['1s', '400d'],
    ),
    tolerance: span(
      "By how much the verifier's clock may be ahead of this machine's.",
      { default: '1m', example: '1m' },
      ['0s', '1h'],
    ),
    classes: list(
      'Classes of devices that it speaks for; empty = all.',
      name('Name of a class.', { example: 'meter' }),
      {
        example: ['meter'],
      },
    ),
    firmware,
  },
  { required: ['name', 'keys', 'algorithms'] },
);

const challengeSource: Schema = {
  ...section('One source; exactly one key.', {
    context_extension: {
      type: 'string',
      minLength: 1,
      maxLength: 256,
      description: 'Key of the ext_authz `context_extensions`.',
      examples: ['portreeve.challenge'],
    },
    metadata: {
      type: 'string',
      pattern: '^[^:]{1,128}:.{1,256}$',
      description: 'Envoy metadata as `namespace:key.key`.',
      examples: ['portreeve.attestation:challenge'],
    },
  }),
  minProperties: 1,
  maxProperties: 1,
};

/** `attestation`: whose results about devices count. */
export const attestation = section('Whose attestation results (EAR) about devices count.', {
  verifiers: list('Verifiers.', verifier, { max: 64 }),
  challenge: list(
    'Where ext_authz requests carry the nonce that the PEP gave the device; the first source that is present counts. Never a header: that would be the device naming its own challenge.',
    challengeSource,
    { max: 8, example: [{ metadata: 'portreeve.attestation:challenge' }] },
  ),
});

const floor = (what: string): Schema =>
  choice(`Weakest tier of ${what} that is enough.`, { example: 'affirming' }, ['affirming', 'warning']);

/** What is asked of the attestation of a class; `required` and `optional` stand for the usual rules. */
export const classAttestation: Schema = {
  ...section(
    'Which attestation results are asked for. `required` and `optional` alone stand for a section that says only that.',
    {
      required: flag('Without a verified result the device is denied.', { default: true, example: true }),
      submods: list(
        'Labels of the appraisals that must be there and count; empty = all that are there.',
        text('Label of an appraisal.', { example: 'platform' }, 128),
        { max: 32, example: ['platform'] },
      ),
      tier: choice(
        'Weakest tier that is enough. A contraindicated device is denied whatever stands here.',
        { default: 'affirming', example: 'affirming' },
        ['affirming', 'warning'],
      ),
      vector: section(
        'Weakest tier of single claims of the trustworthiness vector; a claim that was not made is below either.',
        {
          'instance-identity': floor("the device's identity"),
          configuration: floor('its configuration'),
          executables: floor('what it loaded to run'),
          'file-system': floor('its file systems'),
          hardware: floor('its hardware and firmware'),
          'runtime-opaque': floor('how hidden its memory is'),
          'storage-opaque': floor('how hidden its storage is'),
          'sourced-data': floor('the data that it was given'),
        },
      ),
      max_age: seconds(
        'A result that was issued longer ago does not count; null = the limit of its verifier.',
        { default: null, example: '1h' },
        ['1s', '400d'],
        'max_age_s',
      ),
      challenge: flag('Only a result for a challenge that the PEP gave counts.', {
        default: false,
        example: true,
      }),
    },
  ),
  type: ['object', 'string'],
  pattern: '^(required|optional)$',
  default: 'optional',
  examples: ['required'],
  'x-words': { required: {}, optional: { required: false } },
};
