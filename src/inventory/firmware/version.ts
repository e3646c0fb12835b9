/** A version that can be compared: numbers, and what comes before a release. */
interface Version {
  readonly numbers: readonly number[];
  /** Empty for a release. */
  readonly early: readonly string[];
}

const form =
  /^[vV]?(\d{1,15}(?:\.\d{1,15}){0,7})(?:-([0-9A-Za-z-]{1,64}(?:\.[0-9A-Za-z-]{1,64}){0,7}))?(?:\+[0-9A-Za-z.-]{1,64})?$/;

/** Whether a version has the one form that can be compared, as `compareVersions` says. */
export function isVersion(text: string): boolean {
  return form.test(text);
}

/**
 * Compares two firmware versions: negative where `a` is lower, positive where it is higher, 0 where neither is. Numbers
 * between dots count one by one, missing ones as 0; `-` begins what comes before that release, ordered as Semantic
 * Versioning 2.0.0 section 11 does; what follows `+` does not count. Undefined where either is of another form: such
 * versions have no order.
 */
export function compareVersions(a: string, b: string): number | undefined {
  const [left, right] = [parse(a), parse(b)];
  if (left === undefined || right === undefined) return undefined;
  const longer = Math.max(left.numbers.length, right.numbers.length);
  for (let place = 0; place < longer; place++) {
    const difference = (left.numbers[place] ?? 0) - (right.numbers[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return compareEarly(left.early, right.early);
}

/** Whether a version is higher than another; one that cannot be compared is not. */
export function higherVersion(version: string, known: string): boolean {
  return (compareVersions(version, known) ?? 0) > 0;
}

function parse(text: string): Version | undefined {
  const match = form.exec(text);
  if (!match) return undefined;
  const [, numbers = '', early] = match;
  return { numbers: numbers.split('.').map(Number), early: early?.split('.') ?? [] };
}

/** A release is higher than what comes before it. */
function compareEarly(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [place, left] of a.entries()) {
    const right = b[place];
    if (right === undefined) return 1;
    const difference = compareWord(left, right);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Numbers as numbers, however many digits they have, and below words; words by their characters. */
function compareWord(a: string, b: string): number {
  const [left, right] = [a, b].map((word) => (/^\d+$/.test(word) ? BigInt(word) : undefined));
  if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0;
  if (left !== undefined || right !== undefined) return left === undefined ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
