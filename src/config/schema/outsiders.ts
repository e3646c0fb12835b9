import { list, name, path, section, span, text, url } from './keys.ts';

const ca = path(
  'PEM file of the CAs that its TLS server must chain to; null = those that the platform trusts.',
  {
    default: null,
    example: 'ca/web.pem',
  },
);

/** `audit.witnesses`: who cosigns checkpoints. */
export const witnesses = list(
  'Witnesses that are asked to cosign checkpoints (C2SP tlog-witness). No answer waits for them, and checkpoints are complete without them.',
  section(
    'One witness. It cosigns only what continues what it cosigned before, so that nobody can be shown another history.',
    {
      key: text(
        'Its public key as it publishes it: `name+id+base64` (type 4, Ed25519 cosignature). The name is what it is called here.',
        {
          example: 'witness.example.org/w1+b8c2062f+BGoY4Dvyg4B6uT1ePrTBYCKYloW7roYmH60zkJQrONaO',
        },
        512,
      ),
      url: url('Its submission prefix: `/add-checkpoint` is put behind it.', {
        example: 'https://witness.example.org/w1',
      }),
      ca,
      interval: span(
        'How often the latest checkpoint is sent, where it has entries that the witness has not seen. Each cosignature takes about 400 bytes beside the log.',
        { default: '1m', example: '1m' },
        ['1s', '1d'],
      ),
      timeout: span('Most time for one exchange.', { default: '10s', example: '10s' }, ['1s', '5m']),
    },
    { required: ['key', 'url'] },
  ),
  { max: 32 },
);

/** `audit.anchors`: where checkpoints are put that the operator cannot rewrite. */
export const anchors = list(
  'Where a checkpoint is put now and then that the operator of this site cannot rewrite. No answer waits for it.',
  section(
    'One anchor: a store of objects, or a time-stamping authority. Exactly one of put and timestamp.',
    {
      name: name('Name in status, metrics and what is kept.', { example: 'vault' }),
      put: url(
        'Folder of a store to which checkpoints are PUT, each under a new name. That nobody may remove or replace them (object lock, retention) is for the store to see to.',
        { default: null, example: 'https://vault.example.org/portreeve/lyon/' },
      ),
      timestamp: url('A time-stamping authority (RFC 3161 by HTTP).', {
        default: null,
        example: 'http://timestamp.example.org/tsa',
      }),
      timestamp_cas: path(
        "PEM file of the CAs that the authority's certificate must chain to. Needed with `timestamp`.",
        {
          default: null,
          example: 'ca/tsa.pem',
        },
      ),
      timestamp_policy: text('Policy that the authority must stamp by, as a dotted OID; null = any.', {
        default: null,
        example: '1.3.6.1.4.1.99999.1',
      }),
      headers_file: path(
        'File of request headers, one `Name: value` a line, for tokens; sent by https only. Read anew each time.',
        { default: null, example: 'secrets/vault-headers' },
      ),
      ca,
      interval: span(
        'How often the latest checkpoint is sent, where it has entries that the anchor has not.',
        {
          default: '10m',
          example: '10m',
        },
        ['1s', '30d'],
      ),
      timeout: span('Most time for one exchange.', { default: '30s', example: '30s' }, ['1s', '10m']),
    },
    { required: ['name'] },
  ),
  { max: 32 },
);
