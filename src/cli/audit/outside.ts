import type { Command } from 'commander';
import { resolve } from 'node:path';
import type { OutsiderTrust } from '../../audit/witness/types.ts';
import { parseCertificate } from '../../identity/parse.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { parseHttpUrl } from '../../lib/http-url.ts';
import { configuredTrust } from '../../server/audit/configured-trust.ts';
import { createObjectReader } from '../../server/audit/object-reader.ts';
import type { StoreAccess } from '../../server/audit/object-reader.ts';
import { readCertificateFile } from '../cert/files.ts';
import { integerArgument } from '../command.ts';
import type { Session } from '../session.ts';
import { witnessKeys, witnessOption } from './keys.ts';

/** Whom the reader believes beside the log's operator, as options say it. */
export interface OutsideOptions {
  readonly witness?: readonly string[];
  readonly timestampCa?: readonly string[];
  readonly store?: readonly string[];
  readonly storeHeaders?: string;
  readonly storeCa?: string;
  readonly storeObjects?: number;
  readonly offline?: boolean;
}

/** Milliseconds for one object, with all redirects. */
const objectTimeout = 10_000;
const mostObjects = 1000;

/** Adds the options that bring witnesses, authorities and stores. */
export function outsideOptions(command: Command): Command {
  return command
    .addOption(witnessOption())
    .option('--timestamp-ca <file...>', 'CAs that time-stamping authorities chain to (PEM or DER)')
    .option(
      '--store <url...>',
      'stores that you trust not to let the operator rewrite what anchors put there: objects below are read back and compared',
    )
    .option('--store-headers <file>', 'headers to read those with, one `Name: value` a line (https only)')
    .option(
      '--store-ca <file>',
      'certificates (PEM) that those must chain to, instead of those of the platform',
    )
    .option(
      '--store-objects <count>',
      'objects of a log that are read back at most, evenly from first to last',
      integerArgument(1, 10_000_000),
      mostObjects,
    )
    .option('--offline', 'ask no store, not those of the configuration either');
}

/**
 * Whom to believe: what the options bring, and with `config` (a file's name, or undefined for the one that is found) whom
 * the configuration trusts. Throws PDP_USAGE for options that do not go together, PDP_KEYS_INVALID, PDP_INPUT_MALFORMED
 * and PDP_CONFIG_INVALID for what they name.
 */
export async function trustedOutside(
  options: OutsideOptions,
  own: { readonly config: string | undefined } | undefined,
  session: Session,
): Promise<Omit<OutsiderTrust, 'log'>> {
  const { clock } = session.around;
  const certificates = await Promise.all(
    (options.timestampCa ?? []).map((name) => readCertificateFile(name, session)),
  );
  const named = storesOf(options, session);
  const audit = own && session.config(own.config).audit;
  const known = audit && (await configuredTrust(audit));
  const configured = (audit?.anchors ?? []).filter(({ put }) => put !== null);
  const stores = options.offline === true ? [] : [...named, ...configured];
  const read = stores.length > 0 ? createObjectReader(stores, clock) : undefined;
  const progress = session.progress();
  let objects = 0;
  return {
    witnesses: [...witnessKeys(options.witness, session), ...(known?.witnesses ?? [])],
    timestampAnchors: [...certificates.flat().map(parseCertificate), ...(known?.timestampAnchors ?? [])],
    mostObjects: options.storeObjects ?? mostObjects,
    ...(read && {
      readObject: (url: string) => {
        progress.show(`reading back object ${(objects += 1)}`);
        return read(url);
      },
    }),
  };
}

function storesOf(
  { store = [], storeHeaders, storeCa, offline }: OutsideOptions,
  { around: { folder } }: Session,
): readonly StoreAccess[] {
  if (offline === true && store.length > 0)
    throw new PortreeveError('PDP_USAGE', '--store cannot go with --offline');
  const urls = store.map(storeUrl);
  if (urls.length === 0 && (storeHeaders !== undefined || storeCa !== undefined))
    throw new PortreeveError('PDP_USAGE', '--store-headers and --store-ca need --store');
  if (storeHeaders !== undefined && urls.some(({ protocol }) => protocol !== 'https:'))
    throw new PortreeveError('PDP_USAGE', '--store-headers is for stores by https: a header is a secret');
  return urls.map(({ href }) => ({
    put: href,
    ca: storeCa === undefined ? null : resolve(folder, storeCa),
    headers_file: storeHeaders === undefined ? null : resolve(folder, storeHeaders),
    timeout: objectTimeout,
  }));
}

/** With a slash at the end of its path: what begins alike beside it is not meant. */
function storeUrl(text: string): URL {
  const url = parseHttpUrl(text);
  if (!url) throw new PortreeveError('PDP_USAGE', `--store: ${text} is no http or https URL`);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
