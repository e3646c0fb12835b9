import { readFile } from 'node:fs/promises';
import { describeThrown } from '../../lib/errors.ts';
import { refused } from './failures.ts';

const maxHeaders = 32;
const maxBytes = 65_536;
/** What the exchange itself is made of is not for a file to say. */
const ours = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-modified-since',
  'if-none-match',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Reads request headers from a file, one `Name: value` a line; empty lines and lines that begin with `#` are left out.
 * Read anew for each exchange, so that a token that was renewed is used. Throws PDP_SOURCE_REFUSED with the file and the
 * line's number; what stands in the file is a secret, and in no message.
 */
export async function readHeadersFile(path: string): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [index, line] of (await readLines(path)).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*?)[ \t]*$/.exec(line) ?? [];
    const where = `headers file ${path}, line ${index + 1}`;
    if (name === undefined || value === undefined) throw refused(`${where}: is no "Name: value"`);
    const key = name.toLowerCase();
    if (ours.has(key)) throw refused(`${where}: ${key} cannot be set`);
    if (key in headers) throw refused(`${where}: ${key} is there twice`);
    headers[key] = value;
  }
  if (Object.keys(headers).length > maxHeaders)
    throw refused(`headers file ${path}: more than ${maxHeaders} headers`);
  return headers;
}

async function readLines(path: string): Promise<readonly string[]> {
  try {
    const text = await readFile(path, 'latin1');
    if (text.length > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    return text.split(/\r?\n/);
  } catch (thrown) {
    throw refused(`headers file ${path}: ${describeThrown(thrown)}`, thrown);
  }
}
