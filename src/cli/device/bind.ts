import { Option, type Command } from 'commander';
import type { Config } from '../../config/types.ts';
import { ending, setBindings, withBinding, type DeviceBindings } from '../../inventory/bind.ts';
import { bindingKey, bindingText, readBindings } from '../../inventory/binding-fields.ts';
import { differenceText } from '../../inventory/difference.ts';
import type { BoundDigest, IssuedBinding } from '../../inventory/types.ts';
import { parseCertificate } from '../../identity/parse.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { decodePem } from '../../lib/pem.ts';
import { configOption, finish, instantArgument, whyOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { knownNow } from '../known-now.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { tenantOption, type DeviceOptions } from './tenant.ts';

interface Which extends DeviceOptions {
  readonly why: string;
  readonly certificate?: string;
  readonly certificateFile?: string;
  readonly key?: string;
  readonly issued?: string;
}

interface BindOptions extends Which {
  readonly since?: number;
  readonly until?: number;
  readonly overlap?: string;
  readonly renewalExpectedBy?: number;
}

/** `device bind ID` and `device unbind ID`. */
export function registerDeviceBind(group: Command, session: Session): void {
  const bind = which(
    group
      .command('bind')
      .description(
        'bind a certificate or key to a device; with --overlap the others of its kind end after that',
      ),
  )
    .addOption(new Option('--since <instant>', 'from when it counts').argParser(instantArgument))
    .addOption(new Option('--until <instant>', 'until when it counts').argParser(instantArgument))
    .option('--overlap <time>', 'a renewal: what is bound now counts this long from now, such as 7d or 0s')
    .addOption(
      new Option(
        '--renewal-expected-by <instant>',
        'by when this certificate is to be renewed; a renewal without it forgets the time of the old one',
      ).argParser(instantArgument),
    );
  finish(
    bind,
    session,
    [
      'device bind meter-0001 --certificate-file renewed.pem --overlap 7d --why "renewal of June"',
      'device bind meter-0001 --issued meters-ca/0a1b --why "enrolled by hand"',
    ],
    (options: BindOptions, [id]) => runBind(id as string, options, session),
  );
  const unbind = which(
    group
      .command('unbind')
      .description('end a binding now: the certificate or key is superseded from then on'),
  );
  finish(
    unbind,
    session,
    [
      'device unbind meter-0001 --key 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef --why "key ceremony"',
    ],
    (options: Which, [id]) => runUnbind(id as string, options, session),
  );
}

function which(command: Command): Command {
  return command
    .argument('<id>', 'device id')
    .option('--certificate <sha256>', 'a certificate by its fingerprint')
    .option('--certificate-file <file>', 'a certificate by its file (PEM)')
    .option('--key <sha256>', 'a key by the SHA-256 of its SubjectPublicKeyInfo')
    .option(
      '--issued <issuer/serial>',
      "a certificate by its CA (configured name, or its key's SHA-256) and serial",
    )
    .addOption(whyOption().makeOptionMandatory())
    .addOption(tenantOption())
    .addOption(configOption());
}

type Kind = 'certificates' | 'keys' | 'issued';
type Bound = BoundDigest | IssuedBinding;

/** What the options name; exactly one of them must. */
async function readWhich(options: Which, session: Session): Promise<{ kind: Kind; what: string }> {
  const { certificate, certificateFile, key, issued } = options;
  const given: readonly (readonly [Kind, string | undefined])[] = [
    ['certificates', certificate],
    ['certificates', certificateFile && (await fingerprintOf(certificateFile, session))],
    ['keys', key],
    ['issued', issued],
  ];
  const named = given.flatMap(([kind, what]) => (what === undefined ? [] : [{ kind, what }]));
  const [first, ...others] = named;
  if (first === undefined || others.length > 0)
    throw new PortreeveError(
      'PDP_USAGE',
      'give exactly one of --certificate, --certificate-file, --key and --issued',
    );
  return first;
}

const mostBytes = 64 * 1024;

async function fingerprintOf(file: string, session: Session): Promise<string> {
  const [der] = decodePem(await readInput(file, mostBytes, session), 'CERTIFICATE', 1);
  if (der === undefined)
    throw new PortreeveError('PDP_INPUT_MALFORMED', `${file}: there is no certificate in it`);
  return parseCertificate(der).fingerprint;
}

/** The binding in its normal form; throws PDP_USAGE for what is none. */
function readBound(kind: Kind, what: string, { since, until }: Pick<BindOptions, 'since' | 'until'>): Bound {
  const problems: string[] = [];
  const [bound] = readBindings(kind, [what], (message) => problems.push(message));
  if (bound === undefined) throw new PortreeveError('PDP_USAGE', problems.join('; '));
  if (since === undefined && until === undefined) return bound;
  if (since !== undefined && until !== undefined && since >= until)
    throw new PortreeveError('PDP_USAGE', '--until must be after --since');
  const window = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
  return typeof bound === 'string' ? { sha256: bound, ...window } : { ...bound, ...window };
}

async function runBind(id: string, options: BindOptions, session: Session): Promise<Answer> {
  const { kind, what } = await readWhich(options, session);
  const bound = readBound(kind, what, options);
  const overlap = options.overlap === undefined ? undefined : parseDuration(options.overlap);
  if (options.overlap !== undefined && overlap === undefined)
    throw new PortreeveError('PDP_USAGE', '--overlap must be a length of time such as 7d, 12h or 0s');
  const renewal = options.renewalExpectedBy;
  const edit = (bindings: DeviceBindings, now: EpochMs): DeviceBindings => {
    const others = overlap === undefined ? undefined : now + overlap;
    const { renewal_expected_by: before, ...lists } = renew(bindings, kind, bound, others);
    const expected = renewal ?? (overlap === undefined ? before : undefined);
    return { ...lists, ...(expected !== undefined && { renewal_expected_by: expected }) };
  };
  return change(id, options, session, edit, (config) => unknownIssuer(bound, config));
}

/** A renewed certificate supersedes certificates however they are named; keys end only by another key. */
function renew(
  bindings: DeviceBindings,
  kind: Kind,
  bound: Bound,
  others: number | undefined,
): DeviceBindings {
  const added = { ...bindings, [kind]: withBinding(bindings[kind] as readonly Bound[], bound, others) };
  if (others === undefined || kind === 'keys') return added;
  const other = kind === 'issued' ? 'certificates' : 'issued';
  return { ...added, [other]: (bindings[other] as readonly Bound[]).map((one) => ending(one, others)) };
}

async function runUnbind(id: string, options: Which, session: Session): Promise<Answer> {
  const { kind, what } = await readWhich(options, session);
  const bound = readBound(kind, what, {});
  return change(id, options, session, (bindings, now) => {
    const list = bindings[kind] as readonly Bound[];
    if (!list.some((one) => bindingKey(one) === bindingKey(bound)))
      throw new PortreeveError(
        'PDP_NOT_FOUND',
        `device ${JSON.stringify(id)} has no binding ${bindingText(bound)}`,
      );
    return {
      ...bindings,
      [kind]: list.map((one) => (bindingKey(one) === bindingKey(bound) ? ending(one, now) : one)),
    };
  });
}

/** What a slip in typing leads to: a binding that no certificate has. */
function unknownIssuer(bound: Bound, { trust }: Pick<Config, 'trust'>): readonly string[] {
  if (typeof bound === 'string' || !('issuer' in bound) || bound.issuer.length === 64) return [];
  const names = [...trust.anchors, ...trust.intermediates].map(({ name }) => name);
  return names.includes(bound.issuer) ? [] : [`no CA ${JSON.stringify(bound.issuer)} is configured`];
}

async function change(
  id: string,
  options: Which,
  session: Session,
  edit: (bindings: DeviceBindings, now: EpochMs) => DeviceBindings,
  warned: (config: Config) => readonly string[] = () => [],
): Promise<Answer> {
  const config = session.config(options.config);
  const warnings = warned(config);
  const done = await withStore(config, 'read_write', session.around.clock, (store) => {
    // Servers judge windows by the kept time: a week from now in 1970 would be over before it began.
    const now = knownNow(store, session.around.clock, config);
    return setBindings(store, {
      ...{ tenant: options.tenant, deviceId: id, actor: session.actor(), why: options.why, now },
      change: (bindings) => edit(bindings, now),
    });
  });
  const { epoch, difference } = done;
  const text =
    epoch === null ? `${id}: bound like that already` : `${differenceText(difference)} (epoch ${epoch})`;
  return {
    exit: exitCodes.ok,
    data: { device_id: id, epoch, fields: difference.fields, warnings },
    text: `${plain(text)}\n${warnings.map((one) => `${session.paint('warn', 'warning')}  ${plain(one)}\n`).join('')}`,
  };
}
