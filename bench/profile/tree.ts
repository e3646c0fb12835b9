import { join } from 'node:path';

const root = `${join(import.meta.dirname, '../..')}/`;

/** A call tree with what each frame took by itself: microseconds, or bytes. */
export interface Frame {
  readonly name: string;
  /** From the project's folder; `node:…` of Node's own, empty of what is no code (collector, idle). */
  readonly file: string;
  readonly line: number;
  readonly own: number;
  readonly children: readonly Frame[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** What `Profiler.stop` answers. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** What `HeapProfiler.stopSampling` answers. */
export interface HeapProfile {
  readonly head: HeapNode;
}
interface HeapNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/** Microseconds by call tree, from samples and the time between them. */
export function cpuTree({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const own = new Map<number, number>();
  for (const [place, id] of samples.entries())
    // A delta is the time before its sample: what the sample shows ran until the next one.
    own.set(id, (own.get(id) ?? 0) + Math.max(0, timeDeltas[place + 1] ?? 0));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const frame = (id: number): Frame => {
    const node = byId.get(id);
    if (!node) throw new Error(`the profile names a node ${id} that it does not have`);
    return { ...frameOf(node.callFrame), own: own.get(id) ?? 0, children: (node.children ?? []).map(frame) };
  };
  return frame((nodes[0] as { id: number }).id);
}

/** Bytes allocated by call tree. */
export function heapTree({ head }: HeapProfile): Frame {
  const frame = (node: HeapNode): Frame => ({
    ...frameOf(node.callFrame),
    own: node.selfSize,
    children: node.children.map(frame),
  });
  return frame(head);
}

function frameOf({ functionName, url, lineNumber }: CallFrame): Pick<Frame, 'name' | 'file' | 'line'> {
  const path = url.replace(/^file:\/\//, '');
  const file = path.startsWith(root) ? path.slice(root.length) : path;
  return { name: functionName === '' ? '(anonymous)' : functionName, file, line: lineNumber + 1 };
}

/** The same tree with everything but idle time multiplied: a profile counts time on the clock, not of the processor. */
export function scaled(frame: Frame, by: number): Frame {
  const own = frame.name === '(idle)' ? frame.own : frame.own * by;
  return { ...frame, own, children: frame.children.map((child) => scaled(child, by)) };
}

/** What all frames but idle time took. */
export function busyTotal(tree: Frame): number {
  return totals(tree, ({ name }) => (name === '(idle)' ? undefined : name)).reduce(
    (sum, [, own]) => sum + own,
    0,
  );
}

/** What a frame took with all that it called. */
export function whole(frame: Frame): number {
  return frame.own + frame.children.reduce((sum, child) => sum + whole(child), 0);
}

/** What each name took by itself, most first; `nameOf` answers none for frames that are left out. */
export function totals(tree: Frame, nameOf: (frame: Frame) => string | undefined): [string, number][] {
  const sums = new Map<string, number>();
  const add = (frame: Frame): void => {
    const name = nameOf(frame);
    if (name !== undefined && frame.own > 0) sums.set(name, (sums.get(name) ?? 0) + frame.own);
    frame.children.forEach(add);
  };
  add(tree);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/** The folder of the project, the package, or Node's module that a frame is of. */
export function roomOf({ name, file }: Frame): string {
  const packed = file.lastIndexOf('node_modules/');
  if (packed >= 0) {
    const [scope, second] = file.slice(packed + 'node_modules/'.length).split('/');
    return scope?.startsWith('@') ? `${scope}/${second}` : (scope ?? file);
  }
  if (file.startsWith('src/')) return file.split('/').slice(0, 2).join('/');
  return file === '' ? name : file.startsWith('wasm') ? 'wasm' : file.split('/').slice(0, 2).join('/');
}
