import { instant, list, name, section, text } from './keys.ts';

const observe = {
  ...section(
    'One PEP, class or site that is observed: decided and recorded in full, but let pass until a day.',
    {
      pep: name('Name of a PEP. Exactly one of pep, class and site.', { example: 'envoy' }),
      class: name('Name of a class. Exactly one of pep, class and site.', { example: 'camera' }),
      site: name('A site. Exactly one of pep, class and site.', { example: 'lyon' }),
      until: instant('When it ends by itself, at most 90 days from now.', {
        example: '2027-01-31T00:00:00Z',
      }),
    },
    { required: ['until'] },
  ),
};

const breakGlass = section(
  'A named emergency: denials for these reasons are let pass for these classes or devices. Opening, each use and the end are recorded.',
  {
    reasons: list(
      'Reason codes that are set aside.',
      text('A reason code of the catalogue, or one that the policy declares, `custom.…`.', {
        example: 'revocation.crl_stale',
      }),
      { min: 1, max: 32, example: ['revocation.crl_stale'] },
    ),
    classes: list(
      'Classes that it covers. `classes` or `devices` must name something.',
      name('Name of a class.', { example: 'meter' }),
      { example: ['meter'] },
    ),
    devices: list('Device ids that it covers.', text('A device id.', { example: 'meter-0001' }), {
      example: ['meter-0001'],
    }),
    who: text('Who answers for it.', { example: 'J. Martin, operations' }),
    why: text('Why it is needed.', { example: 'CRL host down, ticket 4711' }, 1000),
    since: instant('When it begins.', { example: '2026-11-20T08:00:00Z' }),
    until: instant('When it ends by itself, at most 24 hours after `since` and from now.', {
      example: '2026-11-20T20:00:00Z',
    }),
  },
  { required: ['reasons', 'who', 'why', 'since', 'until'] },
);

/** `enforcement`: what is let pass although it is denied, by name and for a time. */
export const enforcement = section('What is let pass although it is denied: by name, and only for a time.', {
  observe: list('Roll-out without locking a fleet out.', observe, { max: 1000 }),
  break_glass: list('Broken glass.', breakGlass, { max: 64 }),
});
