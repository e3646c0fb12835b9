import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { unquestioned } from '../../../src/lib/trusted-time.ts';
import { composeDecision, type Composition } from '../../../src/server/compose.ts';
import { makeWorld } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

/** What decides under the configuration file as it is now, after what decided before. */
async function composed(t: ExecutionContext, world: World, before?: Composition): Promise<Composition> {
  const composition = await composeDecision(loadConfig(world.configFile), {
    ...{ recorder: { append: () => Promise.resolve() }, clock: world.clock, mode: 'read_only' as const },
    trusted: () => unquestioned(world.clock),
    ...(before && { before }),
  });
  t.teardown(composition.close);
  return composition;
}

interface Document {
  site: string;
  readonly trust: { readonly anchors: { revocation: { grace: string } }[] };
}

test('what is known of certificates goes on under another configuration with the same CAs, and ends with them', async (t) => {
  const world = await makeWorld();
  t.teardown(world.close);
  const rewrite = (change: (document: Document) => unknown): void => {
    const document = JSON.parse(readFileSync(world.configFile, 'utf8')) as Document;
    change(document);
    writeFileSync(world.configFile, JSON.stringify(document));
  };
  const first = await composed(t, world);
  rewrite((document) => (document.site = 'oslo'));
  const second = await composed(t, world, first);
  t.not(second.config.site, first.config.site);
  t.is(second.identity, first.identity);
  t.is(second.authorities.trust, first.authorities.trust);
  t.is(second.inUse().anchors, first.inUse().anchors);
  // The same certificates under another rule are other CAs.
  rewrite(({ trust: { anchors } }) => anchors[0] && (anchors[0].revocation.grace = '13h'));
  const third = await composed(t, world, second);
  t.not(third.identity, second.identity);
  t.not(third.authorities.trust, second.authorities.trust);
  t.not(third.inUse().anchors, second.inUse().anchors);
});
