import { roomOf, whole, type Frame } from './tree.ts';

const width = 1600;
const rowHeight = 17;
const top = 60;
/** Narrower frames are left out: nobody could point at them. */
const narrowest = 0.4;

interface Box {
  readonly frame: Frame;
  readonly x: number;
  readonly depth: number;
  readonly wide: number;
  readonly total: number;
}

/**
 * A flame graph as one SVG file that needs nothing else: callers below what they call, width what a frame took with all
 * that it called, idle time left out. Pointing at a frame tells its place and its share.
 */
export function flameGraph(
  tree: Frame,
  { title, unit, calls }: { readonly title: string; readonly unit: string; readonly calls: number },
): string {
  const busy = { ...tree, own: 0, children: tree.children.filter(({ name }) => name !== '(idle)') };
  const all = Math.max(1, whole(busy));
  const boxes = layOut(merged(busy), all);
  const depth = Math.max(...boxes.map((box) => box.depth));
  const height = top + (depth + 2) * rowHeight;
  const drawn = boxes.map((box) =>
    draw(
      box,
      height,
      (own) => `${(own / calls).toFixed(2)} ${unit} a decision, ${((100 * own) / all).toFixed(1)} %`,
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">
<style>rect{stroke:#fff;stroke-width:.4}g:hover rect{stroke:#000;stroke-width:1}text{pointer-events:none;fill:#111}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="10" y="22" font-size="15">${escaped(title)}: ${(all / calls).toFixed(1)} ${unit} a decision</text>
<text x="10" y="40">Orange: the project's own. Blue: packages. Green: Node. Purple: WebAssembly. Grey: the engine (collector, native code).</text>
${drawn.join('\n')}
</svg>
`;
}

/** Frames of one place under one caller as one: V8 keeps apart what was optimised anew. */
function merged(frame: Frame): Frame {
  const groups = Map.groupBy(frame.children, ({ name, file, line }) => `${name} ${file} ${line}`);
  const children = [...groups.values()].map((same) =>
    merged({
      ...(same[0] as Frame),
      own: same.reduce((sum, { own }) => sum + own, 0),
      children: same.flatMap((one) => one.children),
    }),
  );
  return { ...frame, children: children.sort((a, b) => whole(b) - whole(a)) };
}

function layOut(tree: Frame, all: number): Box[] {
  const boxes: Box[] = [];
  const put = (frame: Frame, x: number, depth: number): number => {
    const total = whole(frame);
    const wide = (total / all) * width;
    if (wide < narrowest) return wide;
    boxes.push({ frame, x, depth, wide, total });
    let at = x;
    for (const child of frame.children) at += put(child, at, depth + 1);
    return wide;
  };
  put(tree, 0, 0);
  return boxes;
}

function draw({ frame, x, depth, wide, total }: Box, height: number, tell: (own: number) => string): string {
  const y = height - (depth + 1) * rowHeight;
  const place = frame.file === '' ? frame.name : `${frame.name} ${frame.file}:${frame.line}`;
  const fits = Math.floor((wide - 4) / 6.7);
  const text =
    fits < 3
      ? ''
      : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(frame.name.slice(0, fits))}</text>`;
  return `<g><title>${escaped(place)}: ${tell(total)}, by itself ${tell(frame.own)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${rowHeight - 1}" fill="${colour(frame)}"/>${text}</g>`;
}

function colour(frame: Frame): string {
  if (frame.file.startsWith('wasm')) return '#c9a6e8';
  if (frame.file === '') return '#c8c8c8';
  if (frame.file.startsWith('node:')) return '#a8d5a2';
  return roomOf(frame).startsWith('src/') ? '#f5a962' : '#9cc3ec';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
