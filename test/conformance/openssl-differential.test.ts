import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPem } from '../../src/ca/authority.ts';
import { type Chain, chainTime, dice, mutatedChain } from '../helpers/chain-mutations.ts';
import { withOpenssl } from '../helpers/openssl.ts';
import { root } from '../helpers/source-files.ts';
import { validateCase } from '../helpers/suite-path.ts';

/** One kind of disagreement that is defended: what we say, what OpenSSL says, and why. */
interface Explanation {
  /** `accepts`, or what our reasons begin with. */
  readonly ours: string;
  /** `accepts`, or a part of OpenSSL's error. */
  readonly openssl: string;
  /** Where the same two answers may mean several things: what one of the mutations begins with. */
  readonly mutation?: string;
  readonly reason: string;
}

const explanations = JSON.parse(
  readFileSync(join(root, 'test/conformance/exceptions/openssl.json'), 'utf8'),
) as readonly Explanation[];

const chains = Number(process.env.DIFFERENTIAL_CHAINS ?? 250 * Number(process.env.SOAK_FACTOR ?? 1));
/** The short run is the same every time; a long one goes where none has been unless told otherwise. */
const seed = Number(
  process.env.DIFFERENTIAL_SEED ?? (chains > 250 ? Math.floor(Math.random() * 2 ** 31) : 20_261_121),
);
const clientAuth = '1.3.6.1.5.5.7.3.2';

function ours({ leaf, sent, anchor }: Chain): string {
  const rules = { at: chainTime * 1000, strict: true, eku: [clientAuth] };
  const { valid, said } = validateCase({ leaf, sent, anchors: [anchor] }, rules);
  return valid ? 'accepts' : said;
}

/** `-partial_chain` makes every certificate that is trusted an anchor, as it is here. */
function openssl({ leaf, sent, anchor }: Chain, folder: string): Promise<string> {
  const file = (name: string, certificates: readonly Buffer[]): string => {
    const path = join(folder, name);
    writeFileSync(path, certificates.map((der) => toPem('CERTIFICATE', der)).join(''));
    return path;
  };
  const args = ['verify', '-x509_strict', '-partial_chain', '-policy_check', '-purpose', 'sslclient'];
  const files = ['-CAfile', file('anchor.pem', [anchor]), '-untrusted', file('sent.pem', sent)];
  const time = ['-attime', String(chainTime)];
  return new Promise((resolve, reject) => {
    execFile(
      'openssl',
      [...args, ...time, '-no-CApath', '-no-CAstore', ...files, file('leaf.pem', [leaf])],
      (error, stdout, stderr) => {
        if (error?.code === 'ENOENT') reject(new Error('no openssl'));
        else resolve(error ? `${stdout}${stderr}` : 'accepts');
      },
    );
  });
}

function explains(one: Explanation, own: string, other: string, chain: Chain): boolean {
  const fits = (said: string, pattern: string): boolean =>
    pattern === 'accepts' ? said === 'accepts' : said !== 'accepts' && said.includes(pattern);
  const { mutation } = one;
  return (
    fits(own, one.ours) &&
    fits(other, one.openssl) &&
    (mutation === undefined || chain.mutations.some((name) => name.startsWith(mutation)))
  );
}

withOpenssl('mutated chains are judged as OpenSSL judges them, or the difference is explained', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-differential-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const roll = dice(seed);
  const used = new Map<Explanation, number>();
  const unexplained: string[] = [];
  let accepted = 0;
  for (let i = 0; i < chains; i++) {
    const chain = mutatedChain(roll);
    const [own, other] = [ours(chain), await openssl(chain, folder)];
    if (own === 'accepts') accepted++;
    if ((own === 'accepts') === (other === 'accepts')) continue;
    const explanation = explanations.find((one) => explains(one, own, other, chain));
    if (explanation) used.set(explanation, (used.get(explanation) ?? 0) + 1);
    else unexplained.push(`${chain.mutations.join(' ')}: we ${own}; openssl ${lastError(other)}`);
  }
  t.log(`seed ${seed}: ${chains} chains, ${accepted} accepted`);
  for (const [{ reason }, times] of used) t.log(`${times} times: ${reason}`);
  t.deepEqual(unexplained, []);
  t.true(accepted > 0 && accepted < chains);
});

/** The line of OpenSSL's answer that names the error. */
function lastError(said: string): string {
  return said.split('\n').find((line) => line.startsWith('error ')) ?? said.slice(0, 200);
}
