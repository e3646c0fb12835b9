import test from 'ava';
import { verifyCertificate } from '../../../src/cli/cert/judge.ts';
import { showCertificate } from '../../../src/cli/cert/show/certificate.ts';
import { certificateText } from '../../../src/cli/cert/show/text.ts';
import { verdictText } from '../../../src/cli/cert/verdict-text.ts';
import { painter } from '../../../src/cli/output.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { makeChain } from './helpers/certificates.ts';

const { leaf, ca, root, now } = await makeChain();
const [device, issuer, anchor] = [leaf, ca, root].map(({ der }) => parseCertificate(der));
const green = '\u001b[32m';
const red = '\u001b[31m';

function verdict(at: number): string {
  if (!device || !issuer || !anchor) throw new Error('no chain');
  const given = { leaf: device, intermediates: [issuer], anchors: [anchor], crls: [], crlProblems: [] };
  return verdictText(verifyCertificate({ ...given, at, requireRevocation: false }), at, painter(true));
}

test('on a terminal a verdict is green or red', (t) => {
  t.true(verdict(now).startsWith(`${green}valid`));
  t.true(verdict(now + 1000 * 3_600_000).startsWith(`${red}not valid`));
});

test('on a terminal what is expired is red and what is valid is green', (t) => {
  if (!device) return t.fail();
  const text = (at: number): string =>
    certificateText(showCertificate(device, { known: [device], now: at }), painter(true));
  t.true(text(now).includes(`${green}valid`));
  t.true(text(now + 1000 * 3_600_000).includes(`${red}expired`));
});
