import { integer, section, span } from './keys.ts';

/** `observed`: what is kept of what decisions learn. */
export const observed = section(
  'What is kept of what decisions learn about devices and their certificates.',
  {
    interval: span(
      'How exact the time of the last sight is: sights that soon after another are not written.',
      { default: '1h', example: '1h' },
      ['1m', '30d'],
    ),
    certificates_per_device: integer(
      'Certificates that are kept for one device; the ones seen last stay.',
      { default: 8, example: 8 },
      1,
      256,
    ),
    keep: span('What was not seen for so long is forgotten.', { default: '400d', example: '400d' }, [
      '1d',
      '36500d',
    ]),
  },
);

/** `shared_use`: when a key counts as used in several places at once. */
export const sharedUse = section(
  'When a certificate or key counts as used in several places: by more than one gateway, network or device within a window.',
  {
    window: span('Uses that lie further back do not count.', { default: '10m', example: '10m' }, [
      '1s',
      '24h',
    ]),
    moves: integer(
      'Changes of gateway, and of network, within the window that are no sign of sharing. `0`: two places are too many. `1`: a device may move once; going back and forth is told. Two devices with one key are always told.',
      { default: 0, example: 1 },
      0,
      16,
    ),
    ipv4_prefix: integer(
      'Addresses that agree in so many bits are one network.',
      { default: 24, example: 24 },
      8,
      32,
    ),
    ipv6_prefix: integer('The same of IPv6 addresses.', { default: 48, example: 48 }, 16, 128),
  },
);

/** `time`: how the clock is held against the latest trusted time. */
export const time = section(
  'How the clock of the machine is held against the latest time that it was known to be.',
  {
    tolerance: span(
      'How far the clock may be behind the kept time. Beyond that every decision is a denial, unless its class has `clock_grace`.',
      { default: '5m', example: '5m' },
      ['1s', '24h'],
    ),
    settle: span(
      'A clock that leapt ahead is believed, and its time kept, after it has gone on evenly for so long.',
      { default: '1h', example: '1h' },
      ['1s', '30d'],
    ),
    max_leap: span(
      'A clock that leapt further ahead is believed only once a CRL bears it out, or after `portreeve time reset`.',
      { default: '30d', example: '30d' },
      ['1m', '3650d'],
    ),
  },
);
