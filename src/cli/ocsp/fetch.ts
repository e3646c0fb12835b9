import type { Command } from 'commander';
import { nameText } from '../../identity/name-text.ts';
import { parseCertificate } from '../../identity/parse.ts';
import { signedBy } from '../../identity/signature-memo.ts';
import type { Certificate } from '../../identity/types.ts';
import { verifySignature } from '../../identity/verify-signature.ts';
import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { OcspResponder } from '../../revocation/ocsp/knowledge.ts';
import type { OcspAnswer } from '../../revocation/ocsp/types.ts';
import { loadAuthorities } from '../../server/loaded.ts';
import { askResponder, type Exchange } from '../../server/ocsp/exchange.ts';
import { signerStatuses } from '../../server/ocsp/signer-statuses.ts';
import { readCertificateFile } from '../cert/files.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { configuredResponders } from './states.ts';

/** `ocsp fetch CERT`. */
export function registerOcspFetch(group: Command, session: Session): void {
  const command = group
    .command('fetch')
    .description(
      'ask the configured responder of a certificate’s CA, now, and show what it answers; answers 1 unless that is good',
    )
    .argument('<certificate>', 'file of the certificate, PEM or DER; the first one of several')
    .addOption(configOption())
    .addHelpText('after', '\nNothing is kept: decisions are made from what the server itself has asked for.');
  finish(
    command,
    session,
    ['ocsp fetch meter.pem', 'ocsp fetch meter.pem --json'],
    (options: CommonOptions, [file]) => runFetch(file as string, options, session),
  );
}

async function runFetch(file: string, options: CommonOptions, session: Session): Promise<Answer> {
  const { clock } = session.around;
  const config = session.config(options.config);
  const [der] = await readCertificateFile(file, session);
  const certificate = parseCertificate(der as Uint8Array);
  const authorities = loadAuthorities(config);
  const responders = configuredResponders(config, authorities);
  const responder = responderOf(certificate, responders);
  const exchange = await withStore(config, 'read_only', clock, (store) => {
    const statuses = signerStatuses(store, () => ({ config, authorities, responders }));
    return askResponder(responder, certificate.serial, {
      now: () => clock.now(),
      signal: new AbortController().signal,
      signerStatus: (signer) => statuses(signer, responder.issuer, clock.now()),
    });
  });
  const about = { issuer: responder.name, responder: responder.url, serial: certificate.serial };
  return exchange.answer ? answered(about, exchange.answer, session) : failed(about, exchange, session);
}

type About = Readonly<Record<'issuer' | 'responder' | 'serial', string>>;

/** The responder of the CA that really signed the certificate. */
function responderOf(
  certificate: Certificate,
  responders: ReadonlyMap<string, OcspResponder>,
): OcspResponder {
  const found = [...responders.values()].find(
    ({ issuer }) =>
      issuer.subject.key === certificate.issuer.key &&
      verifySignature(signedBy(certificate, issuer), 'verify') === 'valid',
  );
  if (found) return found;
  throw new PortreeveError(
    'PDP_NOT_FOUND',
    `no OCSP responder is configured for the certificate's CA (${nameText(certificate.issuer)})`,
  );
}

function answered(about: About, answer: OcspAnswer, session: Session): Answer {
  const data = {
    ...about,
    status: answer.status,
    this_update: formatInstant(answer.this_update),
    next_update: answer.next_update === null ? null : formatInstant(answer.next_update),
    produced_at: formatInstant(answer.produced_at),
    revoked_at: answer.revoked_at === null ? null : formatInstant(answer.revoked_at),
    reason: answer.reason,
    signer_key: answer.signer_key,
    digest: answer.digest,
    error: null,
  };
  const pairs = Object.entries(data).flatMap(([name, value]) =>
    value === null ? [] : [[name.replace('_', ' '), value] as const],
  );
  const exit = answer.status === 'good' ? exitCodes.ok : exitCodes.failed;
  return { exit, data, text: fields(pairs, session.paint) };
}

function failed(
  about: About,
  { error }: Extract<Exchange, { error: PortreeveError }>,
  session: Session,
): Answer {
  const { code, message } = error;
  const pairs = [...Object.entries(about), ['error', message] as const];
  return {
    exit: exitCodes.failed,
    data: { ...about, status: null, error: { code, message } },
    text: fields(pairs, session.paint),
  };
}
