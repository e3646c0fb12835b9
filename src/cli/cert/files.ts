import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { decodePem, looksLikePem } from '../../lib/pem.ts';
import { crlLimits } from '../../revocation/limits.ts';
import { splitCrls } from '../../revocation/crl-pem.ts';
import type { Session } from '../session.ts';

/** Bytes of one file of certificates: a bundle of all public CAs is some 300 KB. */
const mostCertificateBytes = 64 * 1024 * 1024;
const mostCertificates = 100_000;

/**
 * The DER certificates of a file: one as it is, or every block of a PEM bundle. Throws PDP_INPUT_MALFORMED naming the
 * file where it cannot be read or holds no certificate, PDP_LIMIT_EXCEEDED where it is too long.
 */
export async function readCertificateFile(name: string, session: Session): Promise<readonly Uint8Array[]> {
  return named(name, async () => {
    const bytes = await readLimited(resolve(session.around.folder, name), mostCertificateBytes);
    if (!looksLikePem(bytes)) return [bytes];
    const blocks = decodePem(bytes.toString('latin1'), 'CERTIFICATE', mostCertificates);
    if (blocks.length === 0) throw new PortreeveError('PDP_INPUT_MALFORMED', 'no certificate in it');
    return blocks;
  });
}

/** The DER CRLs of a file; throws as `readCertificateFile` does. */
export async function readCrlFile(name: string, session: Session): Promise<readonly Uint8Array[]> {
  return named(name, async () =>
    splitCrls(await readLimited(resolve(session.around.folder, name), crlLimits.bytes)),
  );
}

async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const problem = `cannot read ${name}: ${describeThrown(thrown)}`;
    const tooLong = thrown instanceof PortreeveError && thrown.code === 'PDP_LIMIT_EXCEEDED';
    throw new PortreeveError(tooLong ? thrown.code : 'PDP_INPUT_MALFORMED', problem, { cause: thrown });
  }
}

/** Opening a pipe could wait for ever, so what it is is looked at first. */
async function readLimited(path: string, most: number): Promise<Buffer> {
  if (!(await stat(path)).isFile()) throw new PortreeveError('PDP_INPUT_MALFORMED', 'it is not a file');
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > most) throw new PortreeveError('PDP_LIMIT_EXCEEDED', `more than ${most} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
