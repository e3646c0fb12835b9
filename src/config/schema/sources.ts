import { integer, list, name, path, section, span, url, type Schema } from './keys.ts';

/** What differs from one kind of source to the next. */
export interface SourceKind {
  /** What it brings, for people: `CRLs`, `devices`. */
  readonly what: string;
  readonly example: string;
  /** Length of time. */
  readonly interval: string;
  readonly maxBytes: number;
}

/** How often, how long and how much: the same for everything that is fetched. */
export function paceKeys({ what, interval, maxBytes }: SourceKind): Readonly<Record<string, Schema>> {
  return {
    ca: path(
      'PEM file of the CAs that its TLS server must chain to; null = those that the platform trusts.',
      { default: null, example: 'ca/web.pem' },
    ),
    interval: span(
      `About how often ${what} are asked for; strewn by a tenth, so that a fleet does not ask at once.`,
      { default: interval, example: interval },
      ['1s', '30d'],
    ),
    timeout: span(
      'Most time for one exchange, redirects and the whole answer included.',
      { default: '5m', example: '5m' },
      ['1s', '24h'],
    ),
    max_bytes: integer(
      'Bytes after which an answer is cut off and refused.',
      { default: maxBytes, example: maxBytes },
      1024,
      68_719_476_736,
    ),
    max_age: span(
      'Age of the last success above which the source counts as stale (`/status`, `doctor`); null = never by that alone.',
      { default: null, example: '24h' },
      ['1m', '400d'],
    ),
  };
}

/** What a source that has a URL of its own may say beside its pace. */
export function urlKeys(example: string): Readonly<Record<string, Schema>> {
  return {
    url: url('Where it is fetched from.', { default: null, example }),
    headers_file: path(
      "File of request headers, one `Name: value` a line, for tokens; sent to this URL's origin only, and only by https. Read anew for each exchange.",
      { default: null, example: 'secrets/headers' },
    ),
    redirects: list(
      'URL prefixes elsewhere that a redirect may lead to; within the same origin redirects are followed, from https to http never.',
      url('A URL; one that ends at a slash stands for everything below.', {
        example: 'https://cdn.example.org/crl/',
      }),
      { max: 16, example: ['https://cdn.example.org/crl/'] },
    ),
  };
}

/**
 * Keys of a source that is a file or a URL, and may have to be signed: devices, gateways, firmware. Exactly one of `file`
 * and `url` is checked by `checkSources`.
 */
export function fileOrUrlKeys(kind: SourceKind): Readonly<Record<string, Schema>> {
  const { example } = kind;
  return {
    name: name('Name in status, metrics and records.', { example: 'head-office' }),
    file: path('The file that it is read from, watched. Exactly one of file and url.', {
      default: null,
      example,
    }),
    ...urlKeys(`https://state.example.org/${example}`),
    ...paceKeys(kind),
    signed_by: path(
      'File of public keys (PEM, JWK or JWKS) of which one must have signed the statement beside it (`.jws`); null = unsigned.',
      { default: null, example: 'keys/state.pub.pem' },
    ),
  };
}

const crls: SourceKind = { what: 'CRLs', example: 'crl', interval: '1h', maxBytes: 67_108_864 };

/** `revocation.sources`: CRLs by HTTP(S), each at a URL that is known. */
export const crlSources = list(
  'CRLs that are fetched over HTTP(S), in the background; asked again at half of the time to nextUpdate at the latest.',
  section(
    'One URL of a CRL (DER or PEM).',
    {
      name: name('Name in status, metrics and records.', { example: 'meters-crl' }),
      ...urlKeys('http://crl.example.org/meters.crl'),
      url: url('Where the CRL is fetched from.', { example: 'http://crl.example.org/meters.crl' }),
      ...paceKeys(crls),
    },
    { required: ['name', 'url'] },
  ),
  { max: 1000 },
);

/** `revocation.distribution_points`: CRLs where certificates say that they are. */
export const distributionPoints = section(
  'CRLs at the distribution points that certificates name, those of configured CAs and those of connections that are proved by them, as far as they are allowed here. Never followed to this machine or its links, unless the prefix itself names such a host.',
  {
    allow: list(
      'URL prefixes that distribution points may have; empty = none is followed.',
      url('A URL; one that ends at a slash stands for everything below.', {
        example: 'http://crl.example.org/',
      }),
      { max: 64, example: ['http://crl.example.org/'] },
    ),
    ...paceKeys(crls),
  },
);
