/** How many of the devices that are kept out are of one class or site. */
export interface LockoutShare {
  /** Null for devices that name no site; `…` for all whose names are not listed. */
  readonly name: string | null;
  readonly devices: number;
}

/** Names that are counted one by one: a wrong column may hold as many as there are devices. */
const mostNames = 10_000;
/** Names that are told; the others are told together. */
const mostTold = 20;
const others = '…';

/** Counts devices that a change keeps out, by class and by site, in bounded memory. */
export class LockoutTally {
  readonly #classes = new Map<string | null, number>();
  readonly #sites = new Map<string | null, number>();
  #devices = 0;

  add(className: string, site: string | null, devices = 1): void {
    this.#devices += devices;
    count(this.#classes, className, devices);
    count(this.#sites, site, devices);
  }

  get devices(): number {
    return this.#devices;
  }

  byClass(): readonly LockoutShare[] {
    return shares(this.#classes);
  }

  bySite(): readonly LockoutShare[] {
    return shares(this.#sites);
  }
}

function count(names: Map<string | null, number>, name: string | null, devices: number): void {
  const key = names.has(name) || names.size < mostNames ? name : others;
  names.set(key, (names.get(key) ?? 0) + devices);
}

/** The most frequent names first. */
function shares(names: ReadonlyMap<string | null, number>): readonly LockoutShare[] {
  const sorted = [...names]
    .map(([name, devices]) => ({ name, devices }))
    .sort((a, b) => b.devices - a.devices || ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
  const told = sorted.filter(({ name }) => name !== others).slice(0, mostTold);
  const rest =
    sorted.reduce((sum, { devices }) => sum + devices, 0) -
    told.reduce((sum, { devices }) => sum + devices, 0);
  return rest === 0 ? told : [...told, { name: others, devices: rest }];
}
