import { choice, flag, integer, list, name, path, section, span, text, type Schema } from './keys.ts';
import { ocsp } from './ocsp.ts';
import { crlSources, distributionPoints } from './sources.ts';

/** How a device is named by its certificate. */
export const profileKinds = [
  'spiffe',
  'san_uri',
  'san_dns',
  'ieee_802_1ar',
  'mac_address',
  'cn',
  'aws_iot',
  'azure_dps',
  'matter_dac',
  'opc_ua',
  'lwm2m',
] as const;

const namedFile = (what: string, example: string, more: Readonly<Record<string, Schema>> = {}) =>
  section(
    what,
    {
      name: name('Name that classes, listeners and decisions use for it.', { example }),
      file: path('File with its certificate, PEM or DER.', { example: `ca/${example}.pem` }),
      ...more,
    },
    { required: ['name', 'file'] },
  );

const profile = section(
  "How certificates under this anchor name their device. One profile an anchor; none is tried in another's place.",
  {
    kind: choice(
      [
        'spiffe: the SPIFFE ID in the URI SAN. san_uri: any URI SAN. san_dns: the DNS SAN.',
        'ieee_802_1ar: subject serialNumber, else the HardwareModuleName SAN. mac_address: the MACAddress SAN.',
        'cn: subject common name. aws_iot: SHA-256 of the certificate. azure_dps: common name as registration id.',
        'matter_dac: vendor, product and key. opc_ua: the ApplicationUri. lwm2m: common name as endpoint name.',
      ].join(' '),
      { example: 'spiffe' },
      profileKinds,
    ),
    trust_domain: text(
      'For `spiffe`, and needed there: the trust domain that must match.',
      { example: 'example.org' },
      255,
    ),
    devid: choice(
      'For `ieee_802_1ar`: whether the anchor issues initial (idevid) or local (ldevid) identities. Under ldevid, IDevIDs are denied: they serve to enrol. Not set = either counts.',
      { example: 'ldevid' },
      ['idevid', 'ldevid'],
    ),
  },
  { required: ['kind'] },
);

const maxAge = span(
  'A CRL issued longer ago than this is stale even before its nextUpdate; null = nextUpdate alone counts.',
  { default: null, example: '24h' },
  ['1m', '400d'],
);

const anchorRevocation = section('What is asked of revocation state below this anchor.', {
  required: flag('A certificate whose revocation state is missing or stale is denied.', {
    default: true,
    example: true,
  }),
  max_age: maxAge,
  grace: span(
    'How long past its end a CRL still serves; every decision made in that time says so. 0s = not at all.',
    { default: '0s', example: '12h' },
    ['0s', '90d'],
  ),
});

const pepCaRevocation = section(
  "What is asked of revocation state below this CA. A PEP whose certificate is on its issuer's CRL is unknown whatever is asked here.",
  {
    required: flag(
      'A PEP whose revocation state is missing or stale is unknown, and denied whatever it asks.',
      {
        default: false,
        example: true,
      },
    ),
    max_age: maxAge,
    grace: span(
      'How long past its end a CRL still serves. 0s = not at all.',
      { default: '0s', example: '12h' },
      ['0s', '90d'],
    ),
  },
);

/** `trust`: whose certificates count. */
export const trust = section(
  'Whose certificates count.',
  {
    anchors: list(
      'Trust anchors of devices.',
      section(
        'One trust anchor. Its own validity and constraints count like those of any CA.',
        {
          name: name('Name that classes and decisions use for it.', { example: 'fleet-root' }),
          file: path('File with its certificate, PEM or DER.', { example: 'ca/fleet-root.pem' }),
          profile,
          revocation: anchorRevocation,
          allow_sha1: flag('Accepts SHA-1 signatures below this anchor, for legacy devices only.', {
            default: false,
            example: false,
          }),
          allow_small_keys: flag(
            'Accepts RSA keys from 1024 bits at and below this anchor, for legacy devices only; else from 2048.',
            { default: false, example: false },
          ),
          strict: flag(
            'Denies what is a lint finding otherwise: certificates that their CA should have made better, none of which lets a stranger in.',
            { default: false, example: true },
          ),
          pinned: flag(
            "The file holds a device's own self-signed certificate, no CA's: that very certificate is trusted, judged like any leaf, and issues nothing. Needs `revocation.required: false`, since no CRL can be about it; inventory and holds shut it out.",
            { default: false, example: false },
          ),
        },
        { required: ['name', 'file', 'profile'] },
      ),
      { min: 1, max: 256 },
    ),
    intermediates: list(
      'Issuing CAs between anchors and devices. Envoy sends leaves only, so paths are built from these.',
      namedFile('One intermediate CA.', 'meters-ca'),
      { max: 1000 },
    ),
    pep_cas: list(
      "CAs of PEPs' own client certificates.",
      namedFile('One CA for PEPs.', 'mesh', { revocation: pepCaRevocation }),
      { max: 64 },
    ),
    credential_optional: flag(
      'A connection without any certificate is not denied for that alone; every such allow says so and is counted.',
      { default: false, example: false },
    ),
  },
  { required: ['anchors'] },
);

/** `revocation`: where CRLs come from. */
export const revocation = section('Where revocation state comes from.', {
  crls: list(
    'CRL files (PEM or DER) and folders of them; watched, and imported when they change.',
    path('A CRL file or a folder of CRL files.', { example: 'crl' }),
    { example: ['crl'] },
  ),
  sources: crlSources,
  distribution_points: distributionPoints,
  ocsp,
  max_crl_bytes: integer(
    'Bytes of one CRL file, watched or imported by command, above which it is refused.',
    { default: 1_073_741_824, example: 1_073_741_824 },
    1024,
    4_294_967_295,
  ),
  poll: span('How often the watched files are looked at.', { default: '1s', example: '1s' }, ['50ms', '1h']),
  coverage: list(
    'CAs whose CRLs come in parts, and which parts there are: `crl status` shows the ones that are missing, and a certificate that names no distribution point is good once all of them are in force and none lists it. Without an entry the parts are learned from the CRLs that are imported.',
    section(
      'The parts of one CA’s list.',
      {
        issuer: name('Name of an anchor, an intermediate or a CA of PEPs.', { example: 'meters' }),
        points: list(
          'Every distribution point.',
          text('URI of a distribution point, letter for letter as the CRLs and certificates name it.', {
            example: 'http://crl.example/meters-1.crl',
          }),
          { min: 1, max: 1024, example: ['http://crl.example/meters-1.crl'] },
        ),
      },
      { required: ['issuer', 'points'] },
    ),
    { max: 256 },
  ),
});
