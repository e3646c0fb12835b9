/**
 * The first key that a JSON object has twice, as it is read; undefined where there is none. `text` is known to be JSON
 * and an object; only its own keys are looked at, not those of objects within.
 */
export function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let keyNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = stringEnd(text, at);
        if (keyNext) {
          const key = JSON.parse(text.slice(at, end + 1)) as string;
          if (seen.has(key)) return key;
          seen.add(key);
          keyNext = false;
        }
        at = end;
        break;
      }
      case '{':
      case '[':
        depth++;
        keyNext = depth === 1;
        break;
      case '}':
      case ']':
        depth--;
        break;
      case ',':
        keyNext = depth === 1;
        break;
      default:
    }
  }
  return undefined;
}

/** Where the string that begins at `start` ends: at the first quote with an even number of backslashes before it. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === '\\') before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}
