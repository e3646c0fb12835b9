/**
 * Reads what `opa test --format pretty --explain fails` tells of each test that failed, by the test's name without
 * `data.`: its part of the section FAILURES, without the lines of the query that is opa's own.
 */
export function readExplanations(text: string): ReadonlyMap<string, string> {
  const [, section = ''] = text.split(/^-+\nFAILURES\n-+\n/m);
  const [failures = ''] = section.split(/^-{20,}$/m);
  const explained = new Map<string, string>();
  const parts = failures.split(/^data\.(\S+): FAIL \(.*\)$/m).slice(1);
  for (let at = 0; at + 1 < parts.length; at += 2)
    explained.set(parts[at] as string, tidy(parts[at + 1] as string));
  return explained;
}

function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const own = lines.filter((line) => !/^\s*query:\d+\s/.test(line));
  return own.join('\n').replace(/^\n+|\n+$/g, '');
}
