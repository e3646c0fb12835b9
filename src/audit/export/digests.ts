import { isObject } from '../../policy/is-object.ts';

/** What a digest in a record is of. */
export type Content =
  'policy' | 'configuration' | 'classes' | 'catalogue' | 'trust anchors' | 'CRL' | 'certificate';

const digest = /^[0-9a-f]{64}$/;

/** Members of a decision's `versions` that name content by its SHA-256. */
const versions: readonly (readonly [name: string, content: Content])[] = [
  ['bundle', 'policy'],
  ['configuration', 'configuration'],
  ['classes', 'classes'],
  ['catalogue', 'catalogue'],
  ['anchors', 'trust anchors'],
];

/** Acts whose selector names what they brought into force. */
const acts: Readonly<Record<string, Content>> = { bundle: 'policy', configuration: 'configuration' };

/**
 * Adds what a record names by its SHA-256, and what that is: of a decision what it was made from, of an act what it brought
 * into force, of a policy on trial both policies. What is no record names nothing; nor does a digest of a key, or one that
 * hides something.
 */
export function digestsIn(entry: Uint8Array, found: Map<string, Content>): void {
  const record = parsed(entry);
  if (!isObject(record)) return;
  const add = (value: unknown, content: Content): void => {
    if (typeof value === 'string' && digest.test(value)) found.set(value, content);
  };
  const { kind, act, selector, redacted, versions: made, answered, shadow } = record;
  if (kind === 'decision' && isObject(made)) {
    for (const [name, content] of versions) add(made[name], content);
    const lists: unknown = made['crls'];
    for (const list of Array.isArray(lists) ? lists : []) if (isObject(list)) add(list['digest'], 'CRL');
  }
  const isHidden = Array.isArray(redacted) && redacted.includes('/selector');
  const content = kind === 'act' && typeof act === 'string' && !isHidden ? acts[act] : undefined;
  if (content) add(selector, content);
  if (kind === 'shadow' || kind === 'shadow_summary')
    for (const one of [answered, shadow]) if (isObject(one)) add(one['bundle'], 'policy');
}

/** The certificates that a kept text of trust anchors names by their SHA-256; none where it is no such text. */
export function certificatesIn(text: Uint8Array): readonly string[] {
  const lists = parsed(text);
  if (!isObject(lists)) return [];
  return ['anchors', 'intermediates', 'pep_cas'].flatMap((name) => {
    const list = lists[name];
    return (Array.isArray(list) ? list : []).flatMap((one: unknown) => {
      const certificate = isObject(one) ? one['certificate'] : undefined;
      return typeof certificate === 'string' && digest.test(certificate) ? [certificate] : [];
    });
  });
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
