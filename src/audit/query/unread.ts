import type { EpochMs } from '../../lib/clock.ts';
import { readEntry } from '../sources/read-entry.ts';
import { lacks, needleOf } from './filter.ts';
import type { Filter } from './filter.ts';
import { standsInOrder } from './time-bounds.ts';

/**
 * Places in a bundle of entries that are no records and may have been wanted: they have the text that every match has, and
 * stand behind a record of the wanted time. The same is told of a log with an index and without.
 */
export function unreadPlaces(entries: readonly Uint8Array[], filter: Filter): readonly number[] {
  const { since = -Infinity, until = Infinity } = filter;
  const needle = needleOf(filter);
  const unread: { readonly place: number; readonly time: EpochMs | undefined }[] = [];
  let [first, last] = [undefined as EpochMs | undefined, undefined as EpochMs | undefined];
  entries.forEach((bytes, place) => {
    const entry = readEntry('', place, bytes);
    if (entry && standsInOrder(entry.record)) [first, last] = [first ?? entry.time, entry.time];
    if (!entry && !(needle && lacks(bytes, needle))) unread.push({ place, time: last });
  });
  return unread
    .filter(({ time = first }) => time === undefined || (time >= since && time < until))
    .map(({ place }) => place);
}
