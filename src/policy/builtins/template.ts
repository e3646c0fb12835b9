const reference = /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/**
 * The text of a replacement as Go's Regexp.Expand writes it: `$1`, `$name` as long as it goes on, `${name}`, `$$`; a group
 * that is not there or took no part is empty, any other `$` is itself.
 */
export function expandTemplate(
  template: string,
  groups: readonly (string | undefined)[],
  names: Readonly<Record<string, number>>,
): string {
  return template.replace(reference, (_, dollar?: string, braced?: string, bare?: string) => {
    if (dollar !== undefined) return '$';
    const name = braced ?? bare ?? '';
    if (/^(?:0|[1-9][0-9]{0,8})$/.test(name)) return groups[Number(name)] ?? '';
    return Object.hasOwn(names, name) ? (groups[names[name] ?? -1] ?? '') : '';
  });
}
