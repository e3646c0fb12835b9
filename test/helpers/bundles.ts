import { readFileSync } from 'node:fs';
import { bundleFilesOf } from '../../src/policy/bundle.ts';
import { packFiles } from '../../src/policy/pack-bundle.ts';
import { signFiles } from '../../src/policy/signatures/sign.ts';
import { policyFile } from './policies.ts';
import type { SigningKeys } from './signed-bundles.ts';

/** A policy that allows everything and grants one entitlement, by which its answers can be told from another's. */
export function granting(entitlement: string): string {
  return `package portreeve

decision := {
	"allow": true,
	"reasons": [],
	"entitlements": ["${entitlement}"],
	"headers": {},
	"session_limit_s": null,
	"ttl_s": 60,
}
`;
}

/** The bytes of a bundle of one Rego module; for tests `withOpa`. */
export function bundleOf(rego: string): Uint8Array {
  return readFileSync(policyFile(rego));
}

/** A bundle with its manifest changed, and files added; both before it is signed. */
export function changed(
  bytes: Uint8Array,
  metadata: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  const files = new Map(bundleFilesOf(bytes));
  const manifest = JSON.parse(Buffer.from(files.get('.manifest') ?? '{}').toString()) as {
    metadata: { portreeve: object };
  };
  manifest.metadata.portreeve = { ...manifest.metadata.portreeve, ...metadata };
  files.set('.manifest', Buffer.from(JSON.stringify(manifest)));
  for (const [name, content] of Object.entries(more)) files.set(name, content);
  return packFiles(files);
}

/** A bundle with other files in place of its own, whatever its signature says of them. */
export function replaced(bytes: Uint8Array, more: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const files = new Map(bundleFilesOf(bytes));
  for (const [name, content] of Object.entries(more)) files.set(name, content);
  return packFiles(files);
}

/** A bundle, signed. */
export async function signedBundle(
  bytes: Uint8Array,
  { key, algorithm }: SigningKeys,
  keyId: string,
): Promise<Uint8Array> {
  return packFiles(await signFiles(bundleFilesOf(bytes), { key, algorithm, keyId }));
}

/**
 * A WebAssembly module whose start function never returns (WebAssembly Core 1.0, section 5.5): a loop that branches to
 * its own begin. To instantiate it is to hang.
 */
export const endlessModule = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // One type, () → (); one function of it; it starts.
  ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x08, 0x01, 0x00],
  // Its body: loop, br 0, end, end.
  ...[0x0a, 0x09, 0x01, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b],
]);
