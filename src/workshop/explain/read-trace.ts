/** One line of a trace of `opa eval --explain full --format pretty --var-values`. */
export interface TraceLine {
  /** As `opa` writes it, which shortens long ones from the left to `...`. */
  readonly file: string;
  readonly row: number;
  readonly depth: number;
  readonly op: string;
  readonly text: string;
  /** Values of local variables, `{x: 1}`; empty where there are none. */
  readonly locals: string;
}

const line = /^(\S+?):(\d+)\s+((?:\| )*)(Enter|Eval|Fail|Exit|Redo|Index|Save|Unify|Note|Duplicate) (.*)$/;

/** Reads the trace within an output; lines that are none (the result below it) are left out. */
export function readTrace(output: string): readonly TraceLine[] {
  return output.split('\n').flatMap((text): TraceLine[] => {
    const match = line.exec(text);
    if (!match) return [];
    const [, file = '', row = '', bars = '', op = '', rest = ''] = match;
    const parts = /^(.*?)(?:\s{2,}(\{.*\}))?\s*$/.exec(rest);
    const locals = parts?.[2] ?? '';
    return [
      {
        ...{ file, row: Number(row), depth: bars.length / 2, op },
        text: parts?.[1] ?? rest.trim(),
        locals: locals === '{}' ? '' : locals,
      },
    ];
  });
}

/** Whether a name in a trace is that of a file. */
export function isFile(traced: string, file: string): boolean {
  return traced === file || (traced.startsWith('...') && file.endsWith(traced.slice(3)));
}
