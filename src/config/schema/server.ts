import {
  address,
  flag,
  integer,
  list,
  name,
  path,
  section,
  span,
  cidr,
  text,
  workerAddress,
} from './keys.ts';

const tls = section(
  'TLS of this listener. PEPs authenticate themselves by certificate; each certificate must match an entry of `peps`.',
  {
    certificate: path("PEM file with the listener's certificate, then its intermediates.", {
      example: 'tls/server.pem',
    }),
    key: path('PEM file with the private key of `certificate`.', { example: 'tls/server.key' }),
    client_cas: list(
      'Names of the CAs in `trust.pep_cas` whose certificates PEPs may present here.',
      name('Name of a CA in `trust.pep_cas`.', { example: 'mesh' }),
      { min: 1, example: ['mesh'] },
    ),
  },
  { nullable: true, required: ['certificate', 'key', 'client_cas'] },
);

const listener = section(
  'One way in for PEPs: gRPC with ext_authz, the native service, health and reflection.',
  {
    name: name('Name of the listener, in logs and metrics.', { example: 'local' }),
    address: workerAddress(
      'Where to listen: `host:port`, a port that all workers share; `host:first-last`, a port for each worker; `unix:/path`, a socket for each worker, with `{worker}` in the path or with `.1`, `.2` and so on after it. An IPv6 host stands in brackets.',
      { example: '127.0.0.1:9191-9192' },
    ),
    pep: name(
      'Which entry of `peps` asks here. Needed without `tls`; refused with it, where the certificate tells.',
      { default: null, example: 'envoy' },
    ),
    tls,
    insecure: flag(
      'Allows plaintext off loopback and off Unix sockets. Whoever reaches the port can then ask as this PEP.',
      { default: false, example: false },
    ),
  },
  { required: ['name', 'address'] },
);

const connections = section(
  'What PEPs may take of one worker with their connections, well-behaved or not. What is refused or ended for it is counted by cause.',
  {
    max: integer(
      'Connections of one listener. One too many is closed at once.',
      { default: 4096, example: 4096 },
      1,
      1_000_000,
    ),
    per_address: integer(
      'Connections of one listener from one IPv4 address or one /64 of IPv6. Raise it where all PEPs come through one address.',
      { default: 1024, example: 1024 },
      1,
      1_000_000,
    ),
    setup: span(
      'How long a peer may take for its TLS handshake, and then for its first words of HTTP/2.',
      { default: '10s', example: '10s' },
      ['100ms', '2m'],
    ),
    idle: span(
      'A connection without a call for so long is ended; a call that is on its way at that moment is not begun, and may be asked again.',
      { default: '1h', example: '1h' },
      ['1s', '30d'],
    ),
    keepalive: span(
      'How often a peer is asked for a sign of life; one that gives none for half as long again is gone, and its connection is ended.',
      { default: '20s', example: '20s' },
      ['1s', '1h'],
    ),
    call: span(
      'How long one call may be open, from its first byte to the last of its answer; never less than `server.budget` and a second. Ends what is sent or read drop by drop.',
      { default: '30s', example: '30s' },
      ['1s', '10m'],
    ),
    buffered: integer(
      'Bytes of calls that are not answered yet, over all connections. Above it the connection that has most of them is ended.',
      { default: 67_108_864, example: 67_108_864 },
      1_048_576,
      4_294_967_296,
    ),
    memory: integer(
      'Bytes that HTTP/2 may keep for one connection: headers, and what waits to be sent. Above it new calls are refused.',
      { default: 67_108_864, example: 67_108_864 },
      1_048_576,
      4_294_967_296,
    ),
    header_bytes: integer(
      'Bytes of the headers of one call, as HTTP/2 counts them. A call with more is refused.',
      { default: 65_536, example: 65_536 },
      4096,
      65_536,
    ),
    resets: section(
      'How many calls a PEP may take back on one connection before that is ended. Every call that timed out at the PEP is one.',
      {
        burst: integer('So many at once.', { default: 30_000, example: 30_000 }, 1000, 4_294_967_295),
        rate: integer('So many a second are forgiven.', { default: 5000, example: 5000 }, 33, 4_294_967_295),
      },
    ),
  },
);

/** `server`: processes, listeners and how long a decision may take. */
export const server = section(
  'The server: processes, listeners, and how long a decision may take.',
  {
    workers: integer('Processes that decide.', { default: 2, example: 4 }, 1, 64),
    budget: span(
      'Most time for one decision. A decision that cannot be made in time is a denial; a shorter deadline of the caller wins.',
      { default: '150ms', example: '150ms' },
      ['20ms', '10s'],
    ),
    drain_notice: span(
      'How long health says `NOT_SERVING` at shutdown while calls are still taken; for callers that do not retry, two intervals of their health checks.',
      { default: '0s', example: '3s' },
      ['0s', '10m'],
    ),
    drain: span('How long calls in flight may take to end at shutdown.', { default: '10s', example: '10s' }, [
      '0s',
      '10m',
    ]),
    listeners: list('Where PEPs ask.', listener, { min: 1, max: 64 }),
    admin: section('Admin HTTP: health, readiness, metrics, version and status.', {
      address: address('Where the admin HTTP listens; loopback or a Unix socket only.', {
        default: '127.0.0.1:9190',
        example: 'unix:/run/portreeve/admin.sock',
      }),
    }),
    health: section(
      'A further HTTP listener with health and metrics only, in plaintext also off loopback.',
      { address: address('Where it listens.', { example: '0.0.0.0:9192' }) },
      { nullable: true, required: ['address'] },
    ),
    max_concurrent_streams: integer(
      'Calls in flight on one HTTP/2 connection; a PEP waits beyond that. All connections of a worker together should hold no more than it decides in 50 ms.',
      { default: 100, example: 100 },
      1,
      100_000,
    ),
    connections,
  },
  { required: ['listeners'] },
);

const match = section(
  "Which certificate is this PEP's on TLS listeners.",
  {
    san: text(
      'URI or DNS name that the certificate must carry. `{site}` and `{zone}` each stand for one whole path segment or DNS label and become facts.',
      { example: 'spiffe://example.org/edge/{site}/envoy' },
      512,
    ),
    ca: name('Name of the CA in `trust.pep_cas` that must have issued it.', { example: 'mesh' }),
  },
  { nullable: true, required: ['san', 'ca'] },
);

/** `peps`: who may ask, and what each may claim. */
export const peps = list(
  'The enforcement points that may ask, and what each may say about connections.',
  section(
    'One enforcement point. What it may do is a fact of every decision that it asks for.',
    {
      name: name(
        'Name of the PEP; `unknown` is taken: it is what callers are called that no entry matches.',
        {
          example: 'envoy',
        },
      ),
      tenant: name('Tenant whose devices it asks about.', { default: 'default', example: 'default' }),
      site: name('Site of the PEP and, unless a device says otherwise, of its connections.', {
        default: null,
        example: 'lyon',
      }),
      zone: name('Zone of the PEP within its site.', { default: null, example: 'hall-2' }),
      match,
      may_assert_devices: flag(
        "May say which device connects without the device's own certificate (assurance is then `gateway_asserted`).",
        { default: false, example: false },
      ),
      may_send_xfcc: flag(
        'Its `x-forwarded-client-cert` header is sanitised by it and may be believed. Otherwise the header is ignored.',
        { default: false, example: false },
      ),
      networks: list('Networks that its connections may come from; empty = not checked.', cidr, {
        example: ['10.20.0.0/16'],
      }),
      trusted_hops: integer(
        'Trusted proxies in front of it: how many entries to step back in `x-forwarded-for`. 0 = the peer address counts.',
        { default: 0, example: 1 },
        0,
        10,
      ),
    },
    { required: ['name'] },
  ),
  { min: 1, max: 1000 },
);
