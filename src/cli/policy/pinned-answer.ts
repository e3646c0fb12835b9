import type { KeptBundle } from '../../server/bundles/table.ts';
import type { awaitInForce } from '../../server/bundles/await-in-force.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer } from '../session.ts';
import { bundleData } from './kept.ts';

/** What came of a pin. */
interface Pinned {
  readonly came: Awaited<ReturnType<typeof awaitInForce>>;
  readonly epoch: number;
}

const told = {
  in_force: 'and in force on all workers',
  refused: 'but the server has not put it in force: `bundle.error` in /status and the log say why',
  no_server: 'and in force once a server runs',
} as const;

/** Tells of a bundle that was pinned, and whether the server decides by it; exit code 1 where it refuses to. */
export function pinnedAnswer(bundle: KeptBundle, { came, epoch }: Pinned): Answer {
  const { digest, revision } = bundle;
  return {
    exit: came === 'refused' ? exitCodes.failed : exitCodes.ok,
    data: {
      bundle: bundleData(bundle),
      pinned: true,
      in_force: came === 'in_force',
      server: came !== 'no_server',
      epoch,
    },
    text: `${digest.slice(0, 12)} (${plain(revision)}) is pinned, ${told[came]} (epoch ${epoch})\n`,
  };
}
