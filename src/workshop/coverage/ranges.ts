/** Where something in a file is; rows and columns begin at 1. */
export interface Range {
  readonly row: number;
  readonly column: number;
  readonly endRow: number;
  readonly endColumn: number;
}

/** What of one file was evaluated and what was not, at least once each. */
export interface CoveredFile {
  /** By `row:column-row:column`. */
  readonly covered: ReadonlyMap<string, Range>;
  readonly missed: ReadonlyMap<string, Range>;
}

/** By file, as it was named to `opa`. */
export type CoveredFiles = ReadonlyMap<string, CoveredFile>;

interface Position {
  readonly row: number;
  readonly col: number;
}

interface Report {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly covered?: readonly { readonly start: Position; readonly end: Position }[];
        readonly not_covered?: readonly { readonly start: Position; readonly end: Position }[];
      }
    >
  >;
}

/** Reads the report of coverage that `opa test --coverage` and `opa eval --coverage` print. */
export function readCoverage(report: unknown): CoveredFiles {
  const { files = {} } = report as Report;
  const read = Object.entries(files).map(([file, { covered = [], not_covered: missed = [] }]) => {
    return [file, { covered: byPlace(covered), missed: byPlace(missed) }] as const;
  });
  return new Map(read);
}

function byPlace(
  ranges: readonly { readonly start: Position; readonly end: Position }[],
): Map<string, Range> {
  return new Map(
    ranges.map(({ start, end }) => [
      `${start.row}:${start.col}-${end.row}:${end.col}`,
      { row: start.row, column: start.col, endRow: end.row, endColumn: end.col },
    ]),
  );
}

/** What several evaluations came to together: covered by one is covered. */
export function mergeCoverage(all: readonly CoveredFiles[]): CoveredFiles {
  const merged = new Map<string, { covered: Map<string, Range>; missed: Map<string, Range> }>();
  for (const files of all) {
    for (const [file, { covered, missed }] of files) {
      const known = merged.get(file) ?? { covered: new Map(), missed: new Map() };
      merged.set(file, known);
      for (const [place, range] of covered) known.covered.set(place, range);
      for (const [place, range] of missed) known.missed.set(place, range);
    }
  }
  for (const { covered, missed } of merged.values()) for (const place of covered.keys()) missed.delete(place);
  return merged;
}

/** Line → whether everything on it was evaluated; lines on which there is nothing to evaluate are absent. */
export function coveredLines({ covered, missed }: CoveredFile): ReadonlyMap<number, boolean> {
  const lines = new Map<number, boolean>();
  const mark = (ranges: Iterable<Range>, value: boolean): void => {
    for (const { row, endRow } of ranges) for (let line = row; line <= endRow; line++) lines.set(line, value);
  };
  mark(covered.values(), true);
  mark(missed.values(), false);
  return new Map([...lines].sort(([a], [b]) => a - b));
}
