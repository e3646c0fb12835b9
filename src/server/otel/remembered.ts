import { toBytes } from '../../api/wire-text.ts';

/** Writes what is the same for a key once. Keys are of a closed list, so that what is remembered is bounded. */
export function remembered<Text>(write: (key: string) => Text): (key: string) => Text {
  const texts = new Map<string, Text>();
  return (key) => {
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = write(key)));
    return text;
  };
}

/** Writes again only what is not as it was last: from one decision to the next most of it is. */
export function rememberedLast<About>(
  same: (a: About, b: About) => boolean,
  write: (about: About) => string,
): (about: About) => string {
  let last: { readonly about: About; readonly text: string } | undefined;
  return (about) => {
    if (last === undefined || !same(last.about, about)) last = { about, text: inOnePiece(write(about)) };
    return last.text;
  };
}

/** A text that was put together of many is gone through anew with each that it becomes a part of. */
function inOnePiece(text: string): string {
  return toBytes(text).toString('latin1');
}
