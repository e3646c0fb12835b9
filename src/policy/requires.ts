/** Major, minor and patch of a version (https://semver.org). */
export type Version = readonly [major: number, minor: number, patch: number];

/** The least version that a requirement such as `>=0.1.0` asks for; undefined where it is not of that form. */
export function readRequirement(text: string): Version | undefined {
  const [, ...numbers] = /^>=(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/.exec(text) ?? [];
  return numbers.length === 3 ? (numbers.map(Number) as unknown as Version) : undefined;
}

/**
 * Whether a program's version is at least the one that is asked for. What stands behind its three numbers is left out: a
 * pre-release has what the release will have.
 */
export function isAtLeast(program: string, least: Version): boolean {
  const numbers = program.split(/[.+-]/).slice(0, 3).map(Number);
  for (const [index, wanted] of least.entries()) {
    const is = numbers[index] ?? 0;
    if (is !== wanted) return is > wanted;
  }
  return true;
}
