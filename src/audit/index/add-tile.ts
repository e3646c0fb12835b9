import type { EpochMs } from '../../lib/clock.ts';
import { readEntry } from '../sources/read-entry.ts';
import { valuesOf } from '../query/fields.ts';
import type { AnyRecord, FieldName } from '../query/fields.ts';
import { partsOf } from '../query/parts.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { AddressNetworks, mostNetworks } from './address-networks.ts';
import { countedPlace } from './counted.ts';
import { RecordTimes } from './record-time.ts';
import type { BuiltRun } from './run-builder.ts';
import { RecordScanner, slotOf } from './scan-record.ts';
import type { SlotName } from './scan-record.ts';
import { lookedUpFields } from './schema.ts';
import type { TileBytes } from './tile-bytes.ts';
import { TileValues } from './tile-values.ts';
import type { TileCells, ValuePlace } from './tile-values.ts';

/** Tiles as they are written into an index. */
export interface BuiltTiles {
  readonly tiles: readonly TileCells[];
  readonly run: BuiltRun;
}

/** Which texts of a record of a decision are the values of a field: the first that is there, or `all` of them. */
const sources: readonly (readonly [field: FieldName, slots: readonly SlotName[], all?: boolean])[] = [
  ['kind', ['kind']],
  ['tenant', ['tenant']],
  ['outcome', ['outcome']],
  ['class', ['class']],
  ['owner', ['owner']],
  ['site', ['site']],
  ['gateway', ['gateway', 'facts_gateway']],
  ['pep', ['pep']],
  ['door', ['door']],
  ['assurance', ['assurance']],
  ['issuer', ['issuer', 'issuer_key'], true],
  ['firmware', ['attestation_firmware', 'claimed_firmware', 'firmware'], true],
  ['bundle', ['bundle']],
  ['device', ['device_id']],
  ['certificate', ['leaf']],
  ['key', ['key']],
  ['serial', ['serial']],
  ['trace', ['trace_id']],
  ['connection', ['connection_id']],
  ['request', ['request_id', 'facts_request']],
  ['decision', ['decision_id']],
];

const [kindSlot, timeSlot, addressSlot] = [slotOf('kind'), slotOf('time'), slotOf('source_ip')];
const decision = Buffer.from('decision');

interface Reader {
  readonly all: boolean;
  readonly slots: readonly number[];
  readonly places: readonly ValuePlace[];
}

/** Makes of tiles what an index has of them. One for each index: the terms are made with its key. */
export class TileWriter {
  readonly #values: TileValues;
  readonly #scanner = new RecordScanner();
  readonly #networks = new AddressNetworks();
  readonly #times = new RecordTimes();
  readonly #useScanner: boolean;
  readonly #readers: readonly Reader[];
  readonly #reasonPlace: ValuePlace;
  readonly #networkPlaces: readonly ValuePlace[];
  readonly #parsedPlaces: readonly ValuePlace[];
  #scanned = 0;

  /** Without the scanner every record is parsed, as the others are: for tests. */
  constructor(key: Uint8Array, useScanner = true) {
    const values = new TileValues(key);
    this.#values = values;
    this.#readers = sources.map(([field, slots, all = false]) => ({
      all,
      slots: slots.map(slotOf),
      places: slots.map(() => values.placeFor(field)),
    }));
    this.#reasonPlace = values.placeFor('reason');
    this.#networkPlaces = Array.from({ length: mostNetworks }, () => values.placeFor('network'));
    this.#parsedPlaces = lookedUpFields.map((field) => values.placeFor(field));
    this.#useScanner = useScanner;
  }

  /** How many entries were read without parsing them. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Takes over what was built of the tiles before, in the same group. */
  addBucket(...bucket: Parameters<TileValues['addBucket']>): void {
    this.#values.addBucket(...bucket);
  }

  /** Adds a tile; all until `finish` are of one group, and ascend. What is no record has no row and no terms. */
  add(tile: number, entries: TileBytes): void {
    const { bytes, from, to } = entries;
    this.#values.beginTile(tile, entries);
    let unread = 0;
    for (let place = 0; place < tileWidth; place += 1) {
      const [begin, end] = [from[place] as number, to[place] as number];
      if (this.#useScanner && this.#addScanned(place, bytes, begin, end)) this.#scanned += 1;
      else if (!this.#addParsed(place, bytes.subarray(begin, end))) unread += 1;
    }
    this.#values.endTile(unread);
  }

  /** What was added since the last time. */
  finish(): BuiltTiles {
    return this.#values.finish();
  }

  /** False, and nothing done, where the record is not of the usual form. */
  #addScanned(place: number, bytes: Buffer, begin: number, end: number): boolean {
    const { from, to, reasons } = this.#scanner;
    if (!this.#scanner.scan(bytes, begin, end)) return false;
    if (!this.#isDecision(bytes) || (from[timeSlot] as number) < 0) return false;
    const time = this.#times.read(bytes, from[timeSlot] as number, to[timeSlot] as number);
    if (time === undefined) return false;
    const values = this.#values;
    values.row({ place, time, isGroup: false, count: 1 });
    for (const { all, slots, places } of this.#readers) {
      let first = true;
      for (let at = 0; at < slots.length && (first || all); at += 1) {
        const slot = slots[at] as number;
        const begin = from[slot] as number;
        // A text without characters is none.
        if (begin < 0 || begin === to[slot]) continue;
        values.value(places[at] as ValuePlace, bytes, begin, to[slot] as number, first);
        first = false;
      }
    }
    for (let at = 0; at < reasons.length; at += 2)
      values.value(this.#reasonPlace, bytes, reasons[at] as number, reasons[at + 1] as number, at === 0);
    const networks = this.#networks;
    if ((from[addressSlot] as number) >= 0)
      networks.find(bytes, from[addressSlot] as number, to[addressSlot] as number);
    else networks.count = 0;
    for (let at = 0; at < networks.count; at += 1) {
      const [begin, end] = [networks.from[at] as number, networks.to[at] as number];
      values.value(
        this.#networkPlaces[at] as ValuePlace,
        networks.bytes,
        begin,
        end,
        at === networks.counted,
      );
    }
    return true;
  }

  #isDecision(bytes: Buffer): boolean {
    const { from, to } = this.#scanner;
    const begin = from[kindSlot] as number;
    if (begin < 0 || (to[kindSlot] as number) - begin !== decision.byteLength) return false;
    for (let at = 0; at < decision.byteLength; at += 1) if (bytes[begin + at] !== decision[at]) return false;
    return true;
  }

  /** False for what is no record. */
  #addParsed(place: number, bytes: Uint8Array): boolean {
    const entry = readEntry('', place, bytes);
    if (!entry) return false;
    const { time, record } = entry;
    const parts = partsOf(record);
    const isGroup = parts.length !== 1 || record['kind'] === 'merged';
    for (const part of parts) this.#addPart(place, time, isGroup, part.count, part.record);
    return true;
  }

  #addPart(place: number, time: EpochMs, isGroup: boolean, count: number, record: AnyRecord): void {
    this.#values.row({ place, time, isGroup, count });
    lookedUpFields.forEach((field, number) => {
      const values = valuesOf(record, field);
      const counted = countedPlace(field, values);
      values.forEach((value, at) => {
        const bytes = Buffer.from(value);
        this.#values.value(
          this.#parsedPlaces[number] as ValuePlace,
          bytes,
          0,
          bytes.byteLength,
          at === counted,
        );
      });
    });
  }
}
