/**
 * Makes the default bundle, `rego/bundle/portreeve.tar.gz`, from `rego/`. With `--check` it writes nothing, rebuilds
 * and says in what the committed bundle differs; exit code 1 where it does. Without the pinned `opa` the check is
 * skipped loudly on a laptop and fails with CI=true, as another compiler makes another module.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { equalBytes, sha256Hex } from '../src/lib/bytes.ts';
import { bundleFilesOf, defaultBundlePath } from '../src/policy/bundle.ts';
import { buildBundle } from '../src/workshop/build/build-bundle.ts';
import { bundleDifferences } from '../src/workshop/build/differences.ts';
import { openProject } from '../src/workshop/project/open.ts';
import { pinnedOpa } from './opa.ts';

/** The policy project that the bundle is built from. */
const folder = join(import.meta.dirname, '../rego');

/** In what a bundle differs from the one that its sources make, a line each; empty where it does not. */
function differences(committed: Uint8Array, rebuilt: Uint8Array): readonly string[] {
  if (equalBytes(committed, rebuilt)) return [];
  const lines = bundleDifferences(bundleFilesOf(committed), bundleFilesOf(rebuilt));
  return lines.length > 0 ? lines : ['the archives hold the same files in other bytes'];
}

function check(rebuilt: Uint8Array): number {
  if (!existsSync(defaultBundlePath)) {
    process.stderr.write(`${defaultBundlePath} is missing; make it with \`node scripts/build-bundle.ts\`\n`);
    return 1;
  }
  const found = differences(readFileSync(defaultBundlePath), rebuilt);
  if (found.length === 0) return 0;
  process.stderr.write(
    `The default bundle is not what its sources make:\n${found.map((line) => `  ${line}\n`).join('')}`,
  );
  process.stderr.write('Build it again with `node scripts/build-bundle.ts` and commit it.\n');
  return 1;
}

function main(args: readonly string[]): number {
  if (args.some((arg) => arg !== '--check')) {
    process.stderr.write('usage: node scripts/build-bundle.ts [--check]\n');
    return 2;
  }
  const opa = pinnedOpa('--exact');
  if (opa === undefined) {
    const skipped = args.includes('--check') && process.env['CI'] !== 'true';
    process.stderr.write(
      skipped ? 'SKIPPED: without opa the bundle was not rebuilt\n' : 'opa is needed to build the bundle\n',
    );
    return skipped ? 0 : 1;
  }
  const rebuilt = buildBundle(opa, openProject(folder));
  if (args.includes('--check')) return check(rebuilt);
  mkdirSync(dirname(defaultBundlePath), { recursive: true });
  writeFileSync(defaultBundlePath, rebuilt);
  process.stdout.write(`${defaultBundlePath}: ${rebuilt.byteLength} bytes, sha256 ${sha256Hex(rebuilt)}\n`);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
