/** A bar of a chart: `low` to `high` is drawn as a line across its end. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly ours: boolean;
}

const [width, labelWidth, valueWidth, rowHeight, top] = [820, 270, 90, 24, 40];

/** Bars beside each other as SVG that a page shows in light and dark: colours follow the reader's system. */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ high, value }) => Math.max(high, value)));
  const across = (value: number): number =>
    Number(((value / most) * (width - labelWidth - valueWidth)).toFixed(1));
  const height = top + bars.length * rowHeight + 10;
  const rows = bars.map(({ label, value, low, high, ours }, place) => {
    const y = top + place * rowHeight;
    const [from, to] = [labelWidth + across(low), labelWidth + across(high)];
    return `  <text class="label" x="${labelWidth - 8}" y="${y + 14}">${escaped(label)}</text>
  <rect class="${ours ? 'ours' : 'other'}" x="${labelWidth}" y="${y + 2}" width="${across(value)}" height="16" rx="2"/>
  <line class="spread" x1="${from}" x2="${to}" y1="${y + 10}" y2="${y + 10}"/>
  <text x="${Math.max(to, labelWidth + across(value)) + 6}" y="${y + 14}">${shown(value)} ${unit}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #24292f; }
    .label { text-anchor: end; }
    .title { font-weight: 600; }
    .ours { fill: #2f6feb; }
    .other { fill: #8c959f; }
    .spread { stroke: #24292f; stroke-width: 2; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .ours { fill: #58a6ff; }
      .other { fill: #6e7681; }
      .spread { stroke: #e6edf3; }
    }
  </style>
  <text class="title" x="8" y="20">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
