/** Loaded before a program: it is not read for a minute, and the process takes no notice of anything. */
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
