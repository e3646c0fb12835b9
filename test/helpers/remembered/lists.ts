/** Lists of revoked certificates, as their issuers publish them one after the other. */
import { issueCrl } from '../../../src/ca/index.ts';
import { importCrl } from '../../../src/revocation/import-crl.ts';
import { deltaIndicator } from '../crl-points.ts';
import { hour } from '../world.ts';
import type { LeafName } from './fleet.ts';
import type { Run } from './run.ts';

export const listedLeaves = ['meter', 'ending', 'twin', 'camera', 'gateway'] as const;

/** What becomes of one certificate on a list. */
export interface Listed {
  readonly leaf: (typeof listedLeaves)[number];
  readonly reason: 'keyCompromise' | 'certificateHold' | 'removeFromCRL' | 'superseded';
}

export interface CrlChange {
  readonly ca: 'meters' | 'cameras' | 'gateways' | 'fleet';
  readonly how: 'full' | 'delta' | 'older';
  readonly listed: readonly Listed[];
  /** Its nextUpdate, from now (ms); whole seconds as CRLs have them. */
  readonly life: number;
}

/** Imports the next list of a CA; `older` is one whose number was used before, which is refused. */
export async function importList(run: Run, { ca, how, listed, life }: CrlChange): Promise<void> {
  const { world } = run.fleet;
  const now = run.clock.now();
  const last = run.crls.get(ca) ?? { number: 1, base: 1 };
  const number = last.number + (how === 'older' ? -1 : 1);
  const nextUpdate = whole(now + life);
  const { der } = await issueCrl(world.pki[ca], {
    ...{ number, thisUpdate: whole(now), nextUpdate },
    revoked: entriesOf(run, { ca, how, listed }),
    ...(how === 'delta' && { extensions: [deltaIndicator(last.base)] }),
  });
  run.ends.push(nextUpdate);
  await importCrl(run.writer, {
    bytes: der,
    issuers: [...world.deps.trust.anchors, ...world.deps.trust.intermediates].map((it) => it.certificate),
    source: `${ca}.crl`,
    now,
    ...{ actor: 'operator', why: 'test' },
  });
  if (how !== 'older') run.crls.set(ca, { number, base: how === 'full' ? number : last.base });
}

/** The root's list names issuing CAs: `meter` stands for that of the meters. */
function entriesOf(run: Run, { ca, how, listed }: Pick<CrlChange, 'ca' | 'how' | 'listed'>) {
  const { leaves, world } = run.fleet;
  const at = whole(run.clock.now() - hour);
  const serials = new Map(
    listed
      .filter(
        ({ leaf, reason }) =>
          issuerOf(leaf) === ca || ca === 'fleet' || (how === 'delta' && reason === 'removeFromCRL'),
      )
      .map(({ leaf, reason }) => [
        ca === 'fleet' ? world.pki[issuerOf(leaf)].serial : leaves[leaf].serial,
        how !== 'delta' && reason === 'removeFromCRL' ? 'certificateHold' : reason,
      ]),
  );
  return [...serials].map(([serial, reason]) => ({ serial, at, reason }));
}

function issuerOf(leaf: LeafName): 'meters' | 'cameras' | 'gateways' {
  if (leaf === 'camera') return 'cameras';
  return leaf === 'gateway' ? 'gateways' : 'meters';
}

/** Whole seconds, as certificates and lists have them. */
export function whole(at: number): number {
  return Math.floor(at / 1000) * 1000;
}
