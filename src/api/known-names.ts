/** Names by their bytes: finds one without making a text of it. */
export class KnownNames {
  /** By length. */
  readonly #names: string[][] = [];

  /** Names of ASCII in lower case; others are not found. */
  constructor(names: Iterable<string>) {
    for (const name of names) (this.#names[name.length] ??= []).push(name);
  }

  /** The name that is `bytes` from `start` to `end`; undefined where it is none of them. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const candidates = this.#names[end - start];
    if (candidates === undefined) return undefined;
    for (const name of candidates) if (isText(name, bytes, start)) return name;
    return undefined;
  }
}

function isText(text: string, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

/** Whether bytes from `start` to `end` are ASCII without capital letters. */
export function isLowerCase(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte > 127 || (byte > 64 && byte < 91)) return false;
  }
  return true;
}
