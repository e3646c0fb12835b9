/** A class that an import names and the configuration lacks. */
export interface ClassWarning {
  readonly class: string;
  readonly rows: number;
  readonly message: string;
}

/** Names beyond this many are counted together: a wrong column may hold as many as there are rows. */
const mostNames = 100;

/** Counts rows whose class is not configured. Their devices are denied with `inventory.class_unknown`. */
export class UnknownClasses {
  readonly #known: ReadonlySet<string>;
  readonly #rows = new Map<string, number>();
  #further = 0;

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  note(name: string): void {
    if (this.#known.has(name)) return;
    const before = this.#rows.get(name);
    if (before === undefined && this.#rows.size === mostNames) this.#further += 1;
    else this.#rows.set(name, (before ?? 0) + 1);
  }

  /** One for each class, the most frequent first. */
  warnings(): ClassWarning[] {
    const named = [...this.#rows]
      .sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
      .map(([name, rows]) => ({
        class: name,
        rows,
        message: warning(`class ${JSON.stringify(name)} is`, rows),
      }));
    if (this.#further === 0) return named;
    return [
      ...named,
      { class: '', rows: this.#further, message: warning('further classes are', this.#further) },
    ];
  }
}

function warning(subject: string, rows: number): string {
  const devices = rows === 1 ? '1 device' : `${rows} devices`;
  return `${subject} not in the configuration: ${devices} denied with inventory.class_unknown`;
}
