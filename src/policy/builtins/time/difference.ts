import { daysInMonth } from './civil.ts';
import type { CivilTime } from './civil.ts';

/** Years, months, days, hours, minutes and seconds from one time to a later one, each as large as the one before leaves. */
export function differenceOf(from: CivilTime, to: CivilTime): readonly number[] {
  let [year, month, day] = [to.year - from.year, to.month - from.month, to.day - from.day];
  let [hour, minute, second] = [to.hour - from.hour, to.minute - from.minute, to.second - from.second];
  if (second < 0) [second, minute] = [second + 60, minute - 1];
  if (minute < 0) [minute, hour] = [minute + 60, hour - 1];
  if (hour < 0) [hour, day] = [hour + 24, day - 1];
  if (day < 0) [day, month] = [day + daysInMonth(from.year, from.month), month - 1];
  if (month < 0) [month, year] = [month + 12, year - 1];
  return [year, month, day, hour, minute, second];
}
