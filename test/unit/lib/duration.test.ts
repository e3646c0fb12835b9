import test from 'ava';
import { parseDuration } from '../../../src/lib/duration.ts';

test('a length of time is read in its units, alone and in sums', (t) => {
  t.deepEqual(
    ['150ms', '30s', '5m', '12h', '90d', '1h30m'].map(parseDuration),
    [150, 30_000, 300_000, 43_200_000, 7_776_000_000, 5_400_000],
  );
  for (const text of ['', '4', 'h', '1.5h', '-4h', '4 h', '4H', '4w'])
    t.is(parseDuration(text), undefined, text);
});

test('what is longer than a thousand years is no length of time: its end could not be written', (t) => {
  t.is(parseDuration('365000d'), 365_000 * 86_400_000);
  for (const text of ['365001d', '999999999d', '999999999h', '365000d365000d'])
    t.is(parseDuration(text), undefined, text);
});
