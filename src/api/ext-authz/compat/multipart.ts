import { parseExactJson } from '../../../lib/exact-json.ts';
import type { ExactJson } from '../../../lib/exact-json.ts';
import { PortreeveError } from '../../../lib/errors.ts';

/** Parts of one body; far above what forms have. */
const mostParts = 1000;

/**
 * Reads `multipart/form-data` (RFC 7578) as opa-envoy-plugin does: values in order by the names of their fields, a part
 * of type JSON parsed, any other as text; parts without a name are passed over. Null where the content type names no
 * boundary. Throws PDP_INPUT_MALFORMED.
 */
export function parseMultipart(contentType: string, body: string): ExactJson {
  const boundary = parametersOf(contentType).get('boundary');
  if (boundary === undefined) return null;
  const values = Object.create(null) as Record<string, ExactJson[]>;
  for (const part of partsOf(body, boundary)) {
    const { headers, content } = readPart(part);
    const disposition = headers.get('content-disposition') ?? '';
    const name = /^\s*form-data\s*(;|$)/i.test(disposition)
      ? parametersOf(disposition).get('name')
      : undefined;
    if (name === undefined || name === '') continue;
    const type = headers.get('content-type') ?? '';
    (values[name] ??= []).push(type.includes('application/json') ? parseExactJson(content) : content);
  }
  return values;
}

/** What stands between the delimiters (RFC 2046 section 5.1.1); line ends may be LF alone. The last one ends in `--`. */
function partsOf(body: string, boundary: string): readonly string[] {
  const escaped = boundary.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  const delimiter = new RegExp(`(?:^|\\r?\\n)--${escaped}(--)?[ \\t]*(?=\\r?\\n|$)`, 'g');
  const parts: string[] = [];
  let begun: number | undefined;
  for (const found of body.matchAll(delimiter)) {
    if (begun !== undefined) parts.push(body.slice(begun, found.index).replace(/^\r?\n/, ''));
    if (parts.length > mostParts) throw malformed(`has more than ${mostParts} parts`);
    if (found[1] !== undefined) return parts;
    begun = found.index + found[0].length;
  }
  throw malformed(begun === undefined ? 'has no part' : 'ends within a part');
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly content: string;
}

function readPart(part: string): Part {
  const end = /(?:^|\r?\n)\r?\n/.exec(part);
  if (end === null) throw malformed('has a part without an end of its headers');
  const headers = new Map<string, string>();
  for (const line of part.slice(0, end.index).split(/\r?\n(?![ \t])/)) {
    if (line === '') continue;
    const at = line.indexOf(':');
    if (at <= 0) throw malformed('has a part with a malformed header');
    headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
  }
  const content = part.slice(end.index + end[0].length);
  const quoted = headers.get('content-transfer-encoding')?.toLowerCase() === 'quoted-printable';
  return { headers, content: quoted ? unquote(content) : content };
}

/** RFC 2045 section 6.7. */
function unquote(text: string): string {
  const bytes = text.replace(/=[ \t]*\r?\n/g, '').split(/(=[0-9a-fA-F]{2})/);
  return Buffer.concat(
    bytes.map((piece) =>
      /^=[0-9a-fA-F]{2}$/.test(piece) ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece),
    ),
  ).toString('utf8');
}

/** Parameters of a header's value (RFC 2045 section 5.1), names lower-case. Throws where they are malformed. */
function parametersOf(value: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let rest = value.slice(/^[^;]*/.exec(value)?.[0].length ?? 0);
  while (rest.trim() !== '' && rest.trim() !== ';') {
    const found = /^;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))\s*/s.exec(
      rest,
    );
    const name = found?.[1]?.toLowerCase();
    if (found === null || name === undefined || parameters.has(name)) {
      throw malformed('has malformed parameters of its type');
    }
    parameters.set(name, found[2]?.replace(/\\(.)/gs, '$1') ?? (found[3] as string));
    rest = rest.slice(found[0].length);
  }
  return parameters;
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `multipart: the body ${problem}`);
}
