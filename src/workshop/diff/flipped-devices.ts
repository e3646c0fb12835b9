import type { Direction } from '../../decision/compare-decisions.ts';
import type { Flip } from './tally.ts';

/** A device of which connections flip. */
export interface FlippedDevice {
  readonly tenant: string;
  readonly device_id: string | null;
  readonly class: string | null;
  readonly site: string | null;
  lock_outs: number;
  let_ins: number;
  /** Of the last of them. */
  direction: Direction;
  reason: string;
  when: string;
  ref: string;
}

/** Gathers the devices of flips; memory grows with these devices, up to a number of them. */
export class FlippedDevices {
  readonly #found = new Map<string, FlippedDevice>();
  readonly #most: number;
  /** Flips of devices for which there was no room. */
  leftOut = 0;

  constructor(most: number) {
    this.#most = most;
  }

  take(flip: Flip): void {
    const { tenant, device_id: id, class: name, site, direction, reason, when, ref, weight } = flip;
    const key = JSON.stringify([tenant, id]);
    const known = this.#found.get(key);
    if (!known && this.#found.size >= this.#most) {
      this.leftOut += 1;
      return;
    }
    const device = known ?? {
      ...{ tenant, device_id: id, class: name, site, lock_outs: 0, let_ins: 0, direction, reason, when, ref },
    };
    this.#found.set(key, device);
    if (direction === 'lock_out') device.lock_outs += weight;
    else device.let_ins += weight;
    // Threads do not answer in the order of the file.
    if (when >= device.when) Object.assign(device, { direction, reason, when, ref });
  }

  get size(): number {
    return this.#found.size;
  }

  /** Whoever is locked out first, then by class and id: the same whichever thread was faster. */
  sorted(): readonly FlippedDevice[] {
    const order = (device: FlippedDevice): string =>
      JSON.stringify([device.lock_outs > 0 ? 0 : 1, device.class, device.tenant, device.device_id]);
    return [...this.#found.values()]
      .map((device) => ({ device, key: order(device) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ device }) => device);
  }
}
