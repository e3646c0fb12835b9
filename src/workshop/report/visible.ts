/**
 * Text from outside for a report: control characters (but the tab), directional overrides, lone surrogates and what is no
 * character at all become visible escapes, so that they neither rewrite a screen nor break a document. XML 1.0
 * (production 2, Char) has no way to hold most of them.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|\p{Surrogate}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Lines of the sections of a test that failed, their titles between; safe to show. */
export function sectionLines(
  sections: readonly { readonly title: string; readonly lines: readonly string[] }[],
): readonly string[] {
  return sections.flatMap(({ title, lines }) => [
    `${title}:`,
    ...lines.map((line) => `  ${visible(line)}`),
    '',
  ]);
}
