import { parseInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';

/** Characters of a time up to its seconds, and of all of it: `2026-11-21T23:05:` and `2026-11-21T23:05:00.000Z`. */
const [minuteLength, wholeLength] = [17, 24];
const [zero, point, zulu] = [48, 46, 90];

/** Reads times of records; one after the other they are mostly of the same minute. */
export class RecordTimes {
  readonly #minute = new Uint8Array(minuteLength);
  #begin: EpochMs | undefined;

  /** As `parseInstant`. */
  read(bytes: Uint8Array, from: number, to: number): EpochMs | undefined {
    if (to - from === wholeLength && this.#begin !== undefined && this.#isSameMinute(bytes, from)) {
      const digit = (place: number): number => (bytes[from + place] as number) - zero;
      const digits = [digit(17), digit(18), digit(20), digit(21), digit(22)] as const;
      const [tens, ones, hundredths, hundredth, last] = digits;
      const isTime = digits.every((one) => one >= 0 && one <= 9) && tens < 6;
      if (isTime && bytes[from + 19] === point && bytes[from + 23] === zulu)
        return this.#begin + tens * 10_000 + ones * 1000 + hundredths * 100 + hundredth * 10 + last;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
    const time = parseInstant(text);
    if (time === undefined || to - from !== wholeLength || bytes[from + 23] !== zulu) return time;
    this.#minute.set(bytes.subarray(from, from + minuteLength));
    this.#begin = time - Number(text.slice(17, 19)) * 1000 - Number(text.slice(20, 23));
    return time;
  }

  #isSameMinute(bytes: Uint8Array, from: number): boolean {
    for (let at = minuteLength - 1; at >= 0; at -= 1) if (bytes[from + at] !== this.#minute[at]) return false;
    return true;
  }
}
