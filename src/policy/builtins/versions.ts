import { compareTexts } from './compare.ts';
import { numberOf, order } from './number.ts';
import { OperandError, textAt } from './operands.ts';
import type { BuiltinTable } from './types.ts';

/** Semantic versions (https://semver.org, 2.0.0), a `v` before them allowed. */
export const versionBuiltins: BuiltinTable = {
  'semver.is_valid': ([text]) => typeof text === 'string' && readVersion(text) !== undefined,
  'semver.compare': (args) => {
    const [left, right] = [readVersion(textAt(args, 0)), readVersion(textAt(args, 1))];
    if (!left || !right) throw new OperandError('no semantic version');
    return numberOf(compareVersions(left, right));
  },
};

interface Version {
  readonly core: readonly [major: bigint, minor: bigint, patch: bigint];
  readonly preRelease: readonly string[];
}

const number = '(0|[1-9][0-9]*)';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const form = new RegExp(`^v?${number}\\.${number}\\.${number}(?:-(${identifiers}))?(?:\\+${identifiers})?$`);

function readVersion(text: string): Version | undefined {
  const [whole, major = '', minor = '', patch = '', preRelease] = form.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const core = [BigInt(major), BigInt(minor), BigInt(patch)] as const;
  const identifiers = preRelease?.split('.') ?? [];
  const over = core.some((part) => BigInt.asIntN(64, part) !== part);
  return over || identifiers.some((identifier) => /^0[0-9]+$/.test(identifier))
    ? undefined
    : { core, preRelease: identifiers };
}

function compareVersions(a: Version, b: Version): number {
  for (const index of [0, 1, 2] as const) {
    const found = order(a.core[index], b.core[index]);
    if (found !== 0) return found;
  }
  // A version that is released is after all that came before it.
  if (a.preRelease.length === 0 || b.preRelease.length === 0) {
    return order(Number(a.preRelease.length === 0), Number(b.preRelease.length === 0));
  }
  const shared = Math.min(a.preRelease.length, b.preRelease.length);
  for (let index = 0; index < shared; index += 1) {
    const found = compareIdentifiers(a.preRelease[index] ?? '', b.preRelease[index] ?? '');
    if (found !== 0) return found;
  }
  return order(a.preRelease.length, b.preRelease.length);
}

/** Numbers by value and before all words. */
function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return order(BigInt(a), BigInt(b));
  if (left !== right) return left ? -1 : 1;
  return compareTexts(a, b);
}
