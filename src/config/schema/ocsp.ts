import { choice, flag, integer, list, name, path, section, span, url } from './keys.ts';

/** `revocation.ocsp`: the status of certificates from responders, one certificate at a time. */
export const ocsp = section(
  'OCSP, for CAs that publish no CRLs. Off unless a responder is named here: what certificates say of responders is not followed. Decisions are made from answers that are there; the server asks in the background.',
  {
    responders: list(
      'Responders, at most one a CA.',
      section(
        'The responder of one CA.',
        {
          issuer: name('Name of an anchor or intermediate that issued the certificates.', {
            example: 'meters',
          }),
          url: url('Where requests are posted.', { example: 'http://ocsp.example.org/' }),
          ca: path(
            'PEM file of the CAs that its TLS server must chain to; null = those that the platform trusts.',
            { default: null, example: 'ca/web.pem' },
          ),
          nonce: choice(
            'Whether a nonce is sent (RFC 9654): `optional` = an answer without it counts, one with another does not; `required` = only an answer that repeats it counts.',
            { default: 'optional', example: 'optional' },
            ['never', 'optional', 'required'],
          ),
          hash: choice(
            'Digest by which requests name the CA; answers may use either.',
            { default: 'sha1', example: 'sha1' },
            ['sha1', 'sha256'],
          ),
          signer: path(
            'Certificate (PEM or DER) that may sign answers; null = only the CA itself, and certificates that it issued for this.',
            { default: null, example: 'ca/ocsp-signer.pem' },
          ),
          rate_per_second: integer('Most requests a second.', { default: 10, example: 10 }, 1, 10_000),
          timeout: span('Most time for one exchange.', { default: '10s', example: '10s' }, ['1s', '5m']),
          max_age: span(
            'An answer issued longer ago than this is stale even before its nextUpdate; null = nextUpdate alone counts, and an hour for an answer without one.',
            { default: null, example: '24h' },
            ['1m', '400d'],
          ),
        },
        { required: ['issuer', 'url'] },
      ),
      { max: 256 },
    ),
    stapled: flag(
      'A response that an enforcement point passes on with the certificate (`stapled_ocsp`) counts like an answer of a responder, for every CA. One that revokes counts in any case.',
      { default: false, example: false },
    ),
  },
);
