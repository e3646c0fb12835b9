/**
 * What was read from kept bytes; undefined where they cannot be read so. A record is untrusted and may name something
 * else that was kept: that is missing like what was never kept.
 */
export function unlessOther<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
