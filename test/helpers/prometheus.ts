/** One sample of the text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y;

/** Reads the Prometheus text format 0.0.4 strictly; throws at the first line that is not of it. */
export function parsePrometheus(text: string): Sample[] {
  const typed = new Set<string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ') || line.startsWith('# UNIT ')) continue;
    if (line.startsWith('# TYPE ')) {
      const name = line.split(' ')[2] as string;
      if (typed.has(name)) throw new Error(`second TYPE line for ${name}`);
      typed.add(name);
      continue;
    }
    samples.push(readSample(line));
  }
  return samples;
}

function readSample(line: string): Sample {
  const match = sampleLine.exec(line);
  if (!match) throw new Error(`not a sample: ${line}`);
  const [, name, labelText, valueText] = match as unknown as [string, string, string | undefined, string];
  const value = valueText === '+Inf' ? Infinity : Number(valueText);
  if (Number.isNaN(value)) throw new Error(`not a value: ${line}`);
  return { name, labels: readLabels(labelText ?? '', line), value };
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  labelPair.lastIndex = 0;
  while (labelPair.lastIndex < text.length) {
    const match = labelPair.exec(text);
    if (!match) throw new Error(`not labels: ${line}`);
    labels[match[1] as string] = (match[2] as string).replace(/\\(.)/g, (_, c: string) =>
      c === 'n' ? '\n' : c,
    );
  }
  return labels;
}

/** The value of the first sample of a name that has at least these labels. */
export function valueOf(
  samples: readonly Sample[],
  name: string,
  labels: Record<string, string>,
): number | undefined {
  return samples.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;
}
