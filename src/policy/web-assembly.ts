/**
 * The part of the WebAssembly JavaScript interface that is used here. Node has it; TypeScript declares it only
 * together with the browser's whole DOM, which has no place in a server.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB; throws a RangeError beyond the maximum. */
  grow(pages: number): number;
}

/** A compiled module; opaque. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface WasmGlobal {
  readonly value: unknown;
}

interface WebAssemblyInterface {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WasmInstance;
  readonly Global: new (...of: never) => WasmGlobal;
  compile(bytes: Uint8Array): Promise<WasmModule>;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface })
  .WebAssembly;
