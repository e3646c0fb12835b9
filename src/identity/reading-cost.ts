import type { Certificate } from './types.ts';

/**
 * What reading the certificates that came with one leaf may cost, in usual certificates. An honest bundle has a few
 * hundred at most.
 */
export const readingLimit = 600;

/** Up to here a certificate without its key and signature is a usual one. */
const usualBytes = 1024;
/** Usual certificates whose reading takes as long as one KiB that is all tiny names or policies. */
const fatFactor = 10;
/** Giving up costs more than reading a usual certificate. */
const unreadable = 2;

/** What reading a certificate counts. Keys and signatures, which may be long, are not looked into. */
export function readingCost({ der, spki, signature }: Certificate): number {
  return 1 + fatCost(der.byteLength - spki.byteLength - signature.byteLength);
}

/** What it counts to find out that bytes are no certificate. */
export function unreadableCost(bytes: number): number {
  return unreadable + fatCost(bytes);
}

function fatCost(bytes: number): number {
  return fatFactor * Math.ceil(Math.max(0, bytes - usualBytes) / 1024);
}
