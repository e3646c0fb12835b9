import { address, choice, integer, list, name, path, section, span, url } from './keys.ts';

/** `audit.sinks`: who else gets the records. */
export const sinks = list(
  'Where records are sent as well, from the log and in its order. No answer waits for it.',
  section(
    'One sink: a file, a syslog server or an OpenTelemetry collector. Exactly one of file, syslog and otlp.',
    {
      name: name('Name in status, metrics and of what is kept.', { example: 'siem' }),
      file: path('A file of lines that is rotated. The path ends in `.ndjson`.', {
        default: null,
        example: '/var/log/portreeve/records.ndjson',
      }),
      syslog: address('A syslog server: RFC 5424 over TLS (RFC 5425), `host:port`.', {
        default: null,
        example: 'logs.example.org:6514',
      }),
      otlp: url(
        'Where a collector takes OTLP logs: the whole address, as a rule one that ends in `/v1/logs`.',
        {
          default: null,
          example: 'https://collector.example.org:4318/v1/logs',
        },
      ),
      format: choice(
        'What is sent: the record as it stands in the log, or an OCSF event with the record in it.',
        { default: 'record', example: 'ocsf' },
        ['record', 'ocsf'],
      ),
      begin: choice(
        'Where a new sink begins: with the oldest record that is there, or with the next one.',
        { default: 'oldest', example: 'newest' },
        ['oldest', 'newest'],
      ),
      ca: path(
        'PEM file of the CAs that its TLS server must chain to; null = those that the platform trusts.',
        {
          default: null,
          example: 'ca/logs.pem',
        },
      ),
      certificate: path(
        'PEM file of the certificate (and chain) that is shown to a syslog server or a collector that asks for one.',
        {
          default: null,
          example: 'tls/logs-client.pem',
        },
      ),
      key: path("PEM file of that certificate's private key.", {
        default: null,
        example: 'tls/logs-client.key',
      }),
      headers_file: path(
        'File of request headers for a collector, one `Name: value` a line, for tokens; sent by https only. Read anew each time.',
        { default: null, example: 'secrets/collector-headers' },
      ),
      facility: integer(
        'Facility of syslog messages, as RFC 5424 numbers them; 13 is log audit.',
        { default: 13, example: 13 },
        0,
        23,
      ),
      max_message: integer(
        'Most bytes of a syslog message. Of a record that does not fit, its index, hash and kind are sent.',
        { default: 262_144, example: 65_536 },
        2048,
        1_048_576,
      ),
      rotate_bytes: integer(
        'Of a file: bytes after which a new one is begun.',
        { default: 67_108_864, example: 67_108_864 },
        65_536,
        68_719_476_736,
      ),
      keep: integer('Of a file: rotated ones that are kept.', { default: 20, example: 20 }, 0, 100_000),
      interval: span(
        'How often what is new is sent; after failures pauses grow up to this, and at least up to a minute.',
        { default: '1s', example: '1s' },
        ['1s', '1h'],
      ),
      timeout: span('Most time for one batch.', { default: '30s', example: '30s' }, ['1s', '10m']),
    },
    { required: ['name'] },
  ),
  { max: 16 },
);
