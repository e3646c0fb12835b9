import { invalidBundle } from './bundle-json.ts';

const memorySection = 5;
/** The magic number and the version. */
const preamble = 8;

/**
 * Throws PDP_BUNDLE_INVALID where a WebAssembly module, which has compiled, brings memory of its own beside the one that it
 * is given (WebAssembly Core, sections 5.5.2 and 5.5.8): it could grow to gigabytes past every limit here. What OPA
 * compiles has none.
 */
export function refuseOwnMemory(module: Uint8Array): void {
  for (let at = preamble; at < module.byteLength;) {
    const id = module[at];
    const [size, content] = readSize(module, at + 1);
    // A section without members is allowed, and defines nothing.
    if (id === memorySection && module[content] !== 0)
      throw invalidBundle('the module has memory of its own');
    at = content + size;
  }
}

/** An unsigned LEB128 number, and where it ends. */
function readSize(module: Uint8Array, from: number): readonly [size: number, end: number] {
  let [size, unit] = [0, 1];
  for (let at = from; ; at += 1) {
    const byte = module[at] ?? 0;
    size += (byte & 0x7f) * unit;
    if (byte < 0x80) return [size, at + 1];
    unit *= 0x80;
  }
}
